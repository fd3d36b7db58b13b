/// Every `step`-th element from `start` on, `size` of them, along each dimension.
package struct Slice: Hashable, Sendable {
    /// One a dimension; `start + step * (size - 1)` lies within. Steps may be below zero, never zero.
    package var starts: [Int]
    package var steps: [Int]
    package var sizes: [Int]

    package init(starts: [Int], steps: [Int], sizes: [Int]) {
        self.starts = starts
        self.steps = steps
        self.sizes = sizes
    }
}

extension Slice: Operation {
    package static let name = "slice"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        let x = try operands(0)
        try operands.require("starts", count: starts.count, isRankOf: 0)
        try operands.require("steps", count: steps.count, isRankOf: 0)
        try operands.require("sizes", count: sizes.count, isRankOf: 0)
        for (dimension, extent) in x.shape.enumerated() {
            try operands.require("size along dimension \(dimension)", sizes[dimension], in: 0...extent)
            if sizes[dimension] == 0 { continue }
            if steps[dimension] == 0 { throw operands.attribute("step along dimension \(dimension)", "not 0", "0") }
            try operands.require("start along dimension \(dimension)", starts[dimension], in: 0...(extent - 1))
            if sizes[dimension] == 1 { continue }
            try operands.require("step along dimension \(dimension)", steps[dimension], in: -extent...extent)
            let last = starts[dimension] + steps[dimension] * (sizes[dimension] - 1)
            try operands.require("last element along dimension \(dimension)", last, in: 0...(extent - 1))
        }
        return [try operands.result(x.type, sizes)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let indices = shape.indices.map { dimension in
            (0..<shape[dimension]).map { starts[dimension] + $0 * steps[dimension] }
        }
        return [TensorData(shape: shape, try x.elements.picked(by: OffsetGrid(indices: indices, of: x.shape)))]
    }
}
