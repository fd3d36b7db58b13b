/// Operands one behind the other along a dimension.
package struct Concatenate: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int

    package init(axis: Int) { self.axis = axis }
}

extension Concatenate: Operation {
    package static let name = "concatenate"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["operand"], isVariadic: true)
        try operands.require(axis: axis, of: 0)
        let first = try operands(0)
        var shape = first.shape
        for index in 1..<max(operands.count, 1) {
            try operands.require(index, hasTypeOf: 0)
            let extent = try operands(index).shape
            var expected = first.shape
            if axis < extent.count { expected[axis] = extent[axis] }
            try operands.require(index, shape: expected)
            shape[axis] += extent[axis]
        }
        return [try operands.result(first.type, shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        var parts: [TensorData] = []
        for index in inputs.indices { parts.append(try inputs.tensor(index)) }
        return [TensorData(shape: shape, try parts[0].elements.apply(Joining(parts: parts, axis: axis)))]
    }
}

private struct Joining: ElementWork {
    let parts: [TensorData]
    let axis: Int

    func callAsFunction<Element: TensorElement>(_ first: [Element]) -> Elements {
        let runs = parts.map { $0.shape[axis...].reduce(1, *) }
        let arrays = parts.compactMap { Element.array($0.elements) }
        var result: [Element] = []
        result.reserveCapacity(arrays.reduce(0) { $0 + $1.count })
        for outer in 0..<parts[0].shape[..<axis].reduce(1, *) {
            for (array, run) in zip(arrays, runs) { result.append(contentsOf: array[outer * run..<(outer + 1) * run]) }
        }
        return Element.elements(result)
    }
}
