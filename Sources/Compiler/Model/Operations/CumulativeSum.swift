/// Running sum along a dimension.
package struct CumulativeSum: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var isExclusive = false
    package var isReversed = false

    package init(axis: Int) { self.axis = axis }
}

extension CumulativeSum: Operation {
    package static let name = "cumulative sum"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, isOneOf: ElementType.numbers)
        try operands.require(axis: axis, of: 0)
        let x = try operands(0)
        return [try operands.result(x.type, x.shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        if case .float32(let elements) = x.elements {
            let sums = sums(elements.map { Double($0) }, shape, zero: 0, +)
            return [TensorData(shape: shape, .float32(sums.map { Float($0) }))]
        }
        let sums = sums(x.elements.integers, shape, zero: 0, &+)
        return [TensorData(shape: shape, Elements(x.type, wrapping: sums))]
    }

    private func sums<Number>(_ x: [Number], _ shape: [Int], zero: Number, _ add: (Number, Number) -> Number)
        -> [Number]
    {
        let layout = AxisLayout(shape, axis: axis)
        var y = x
        layout.forEachRun { start in
            var sum = zero
            for step in 0..<layout.count {
                let index = start + (isReversed ? layout.count - 1 - step : step) * layout.inner
                let next = add(sum, x[index])
                y[index] = isExclusive ? sum : next
                sum = next
            }
        }
        return y
    }
}
