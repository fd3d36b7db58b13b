/// Where the largest or smallest element along a dimension is; int64, or int32 as the file says.
package struct ArgumentReduce: Hashable, Sendable {
    package var isMaximum: Bool
    /// 0..<rank.
    package var axis: Int
    package var keepsDimensions: Bool
    /// Which of several equal ones.
    package var takesLast = false
    package var resultType = ElementType.int64

    package init(isMaximum: Bool, axis: Int, keepsDimensions: Bool) {
        self.isMaximum = isMaximum
        self.axis = axis
        self.keepsDimensions = keepsDimensions
    }
}

extension ArgumentReduce: Operation {
    package static let name = "argument reduce"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(axis: axis, of: 0)
        let x = try operands(0)
        guard resultType == .int64 || resultType == .int32 else {
            throw operands.attribute("result type", "int64 or int32", resultType.rawValue)
        }
        guard x.shape[axis] > 0 else {
            throw operands.fault(0, "shape", "an element along axis \(axis)", "\(x.shape)")
        }
        let shape = Shape.reduced(x.shape, axes: [axis], keepsDimensions: keepsDimensions)
        return [try operands.result(resultType, shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let layout = AxisLayout(x.shape, axis: axis)
        let positions = try x.elements.apply(Finding(layout: layout, isMaximum: isMaximum, takesLast: takesLast))
        return [TensorData(shape: shape, Elements(resultType, wrapping: positions))]
    }
}

private struct Finding: ElementWork {
    let layout: AxisLayout
    let isMaximum: Bool
    let takesLast: Bool

    func callAsFunction<Element: TensorElement>(_ x: [Element]) -> [Int64] {
        var positions: [Int64] = []
        layout.forEachRun { start in
            var best = 0
            for index in 1..<max(layout.count, 1) {
                let (held, candidate) = (x[start + best * layout.inner], x[start + index * layout.inner])
                let isBetter = isMaximum ? Element.isLess(held, candidate) : Element.isLess(candidate, held)
                if isBetter || (takesLast && candidate == held) { best = index }
            }
            positions.append(Int64(best))
        }
        return positions
    }
}
