/// Adds elements before and behind along each dimension.
package struct Pad: Hashable, Sendable {
    package enum Mode: Hashable, Sendable {
        /// A real number; on quantized values their zero point must hold it exactly or nearest.
        case constant(Float)
        /// Mirrored at the edge element (which is not repeated), mirrored beside it (which is), edge repeated, wrapped round.
        case reflect, symmetric, edge, wrap
    }
    /// One a dimension; below zero takes away.
    package var before: [Int]
    package var after: [Int]
    package var mode: Mode

    package init(before: [Int], after: [Int], mode: Mode) {
        self.before = before
        self.after = after
        self.mode = mode
    }
}

extension Pad: Operation {
    package static let name = "pad"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require("numbers before", count: before.count, isRankOf: 0)
        try operands.require("numbers after", count: after.count, isRankOf: 0)
        let x = try operands(0)
        var shape: [Int] = []
        for (dimension, extent) in x.shape.enumerated() {
            let range = -Shape.maximumExtent...Shape.maximumExtent
            try operands.require("elements before dimension \(dimension)", before[dimension], in: range)
            try operands.require("elements after dimension \(dimension)", after[dimension], in: range)
            let padded = extent + before[dimension] + after[dimension]
            guard padded >= 0 else {
                throw operands.attribute(
                    "elements taken from dimension \(dimension)", "at most \(extent)", "\(extent - padded)")
            }
            if extent == 0, padded > 0, !isConstant {
                throw operands.fault(0, "shape", "an element to repeat along dimension \(dimension)", "\(x.shape)")
            }
            shape.append(padded)
        }
        return [try operands.result(x.type, shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let indices = shape.indices.map { dimension in
            (0..<shape[dimension]).map { source($0 - before[dimension], x.shape[dimension]) }
        }
        let grid = OffsetGrid(indices: indices, of: x.shape)
        var fill = 0.0
        if case .constant(let value) = mode { fill = Double(value) }
        return [TensorData(shape: shape, try x.elements.picked(by: grid, fill: fill))]
    }

    private var isConstant: Bool { if case .constant = mode { true } else { false } }

    /// Which of `count` elements stands at a position that may lie outside; -1 for the constant.
    private func source(_ position: Int, _ count: Int) -> Int {
        if (0..<count).contains(position) { return position }
        func wrapped(_ position: Int, _ period: Int) -> Int { ((position % period) + period) % period }
        switch mode {
        case .constant: return -1
        case .edge: return min(max(position, 0), count - 1)
        case .wrap: return wrapped(position, count)
        case .reflect:
            if count == 1 { return 0 }
            let folded = wrapped(position, 2 * (count - 1))
            return folded < count ? folded : 2 * (count - 1) - folded
        case .symmetric:
            let folded = wrapped(position, 2 * count)
            return folded < count ? folded : 2 * count - 1 - folded
        }
    }
}
