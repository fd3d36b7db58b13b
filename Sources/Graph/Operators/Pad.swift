/// Adds elements before, behind and between along each dimension.
///
/// - Shapes: `before + (size - 1) * (between + 1) + 1 + after` for each dimension.
/// - Quantization: both sides alike; the filling is given as stored.
package struct Pad: Operator {
    package static let code: UInt32 = 13
    package static let name = "pad"

    package enum Mode: UInt32, Hashable, Sendable, CaseIterable {
        case constant = 0
        /// Mirrored at the edge element, which is not repeated; mirrored beside it, which is.
        case reflect = 1, symmetric = 2
        case edge = 3
    }

    package let wiring: Wiring
    package let mode: Mode
    package let fill: Int8
    package let before: [Int]
    package let after: [Int]
    /// Elements put between neighbours: what a transposed convolution needs. 0 unless the mode is constant.
    package let between: [Int]
    package let inputShape: [Int]
    package let outputShape: [Int]

    package var summary: String {
        "\(Self.name) \(mode) \(before) \(after)" + (between.allSatisfy { $0 == 0 } ? "" : " between \(between)")
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        (inputShape, outputShape) = (input.shape, output.shape)
        mode = try decoder.choice("mode of \(Self.name)", Mode.self)
        fill = Int8(try decoder.integer("filling", in: -128...127))
        let rank = inputShape.count
        let limit = PlanFormat.maximumElements
        before = try decoder.integers("elements before", count: rank, in: 0...limit)
        after = try decoder.integers("elements behind", count: rank, in: 0...limit)
        between = try decoder.integers("elements between", count: rank, in: 0...limit)
        var fits = outputShape.count == rank && input.quantization == output.quantization
        for axis in 0..<rank where fits {
            let size = inputShape[axis]
            let inner = (size - 1) * (between[axis] + 1) + 1
            fits = outputShape[axis] == before[axis] + inner + after[axis]
            let most = max(before[axis], after[axis])
            switch mode {
            case .constant, .edge: break
            case .reflect: fits = fits && most < size
            case .symmetric: fits = fits && most <= size
            }
            fits = fits && (mode == .constant || between[axis] == 0)
        }
        try decoder.expect(
            fits, "output of \(Self.name)", expected: "\(inputShape) with \(before), \(after), \(between) for \(mode)",
            found: "\(outputShape)")
    }

    /// The input index of an output index along a dimension; nil where the filling is.
    package func source(_ index: Int, axis: Int) -> Int? {
        let size = inputShape[axis]
        let position = index - before[axis]
        switch mode {
        case .constant:
            let step = between[axis] + 1
            return position >= 0 && position % step == 0 && position / step < size ? position / step : nil
        case .edge: return min(max(position, 0), size - 1)
        case .reflect: return position < 0 ? -position : position < size ? position : 2 * size - 2 - position
        case .symmetric: return position < 0 ? -position - 1 : position < size ? position : 2 * size - 1 - position
        }
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        let strides = Strides.rowMajor(inputShape)
        let places = Strides.rowMajor(outputShape)
        let output = (0..<outputShape.reduce(1, *)).map { element in
            var offset = 0
            for axis in outputShape.indices {
                guard let source = source(element / places[axis] % outputShape[axis], axis: axis) else { return fill }
                offset += source * strides[axis]
            }
            return x[offset]
        }
        return [.int8(output)]
    }
}

extension PlanBuilder {
    /// Adds elements around a tensor, and between its elements.
    /// - Parameter fill: as stored.
    package mutating func pad(
        _ input: TensorID, before: [Int], after: [Int], between: [Int]? = nil, mode: Pad.Mode = .constant, fill: Int8,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let from = try shape(of: input)
        let between = between ?? [Int](repeating: 0, count: from.count)
        for list in [before, after, between] { try expect(list.count, from.count, "padding") }
        let shape = from.indices.map { before[$0] + (from[$0] - 1) * (between[$0] + 1) + 1 + after[$0] }
        let result = tensor(name: name, shape: shape, quantization: quantization(of: input))
        append(Pad.self, [input], [result]) { encoder in
            encoder.choice(mode)
            encoder.integer(Int(fill))
            encoder.integers(before)
            encoder.integers(after)
            encoder.integers(between)
        }
        return result
    }
}
