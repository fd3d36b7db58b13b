/// `condition ? a : b`, element by element, operands broadcast as numpy does.
package struct Select: Hashable, Sendable {
    package init() {}
}

extension Select: Operation {
    package static let name = "select"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["condition", "a", "b"])
        try operands.require(0, isOneOf: [.bool])
        try operands.require(2, hasTypeOf: 1)
        let (condition, a, b) = (try operands(0), try operands(1), try operands(2))
        guard let values = Shape.broadcast(a.shape, b.shape) else {
            throw operands.fault(2, "shape", "one that broadcasts with a \(a.shape)", "\(b.shape)")
        }
        guard let shape = Shape.broadcast(condition.shape, values) else {
            throw operands.fault(0, "shape", "one that broadcasts with \(values)", "\(condition.shape)")
        }
        return [try operands.result(a.type, shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        guard case .bool(let conditions) = try inputs.tensor(0).broadcast(to: shape).elements else { return [] }
        let a = try inputs.tensor(1).broadcast(to: shape).elements
        let b = try inputs.tensor(2).broadcast(to: shape).elements
        return [TensorData(shape: shape, try a.apply(Choice(conditions: conditions, otherwise: b)))]
    }
}

private struct Choice: ElementWork {
    let conditions: [Bool]
    let otherwise: Elements

    func callAsFunction<Element: TensorElement>(_ elements: [Element]) -> Elements {
        guard let others = Element.array(otherwise) else { return otherwise }
        return Element.elements(conditions.indices.map { conditions[$0] ? elements[$0] : others[$0] })
    }
}
