/// Cuts a tensor along a dimension; one output a part.
package struct Split: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var sizes: [Int]

    package init(axis: Int, sizes: [Int]) {
        self.axis = axis
        self.sizes = sizes
    }
}

extension Split: Operation {
    package static let name = "split"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(axis: axis, of: 0)
        let x = try operands(0)
        for size in sizes { try operands.require("size of a part", size, in: 0...x.shape[axis]) }
        guard !sizes.isEmpty, sizes.reduce(0, +) == x.shape[axis] else {
            throw operands.attribute("sizes", "a sum of \(x.shape[axis]), dimension \(axis) of x", "\(sizes)")
        }
        var results: [Operand] = []
        for size in sizes {
            var shape = x.shape
            shape[axis] = size
            results.append(try operands.result(x.type, shape))
        }
        return results
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let x = try inputs.tensor(0)
        var start = 0
        var parts: [TensorData] = []
        for result in try results(of: inputs) {
            var indices = x.shape.map { Array(0..<$0) }
            indices[axis] = Array(start..<start + result.shape[axis])
            let grid = OffsetGrid(indices: indices, of: x.shape)
            parts.append(TensorData(shape: result.shape, try x.elements.picked(by: grid)))
            start += result.shape[axis]
        }
        return parts
    }
}
