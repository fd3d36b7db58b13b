/// Elements as another type: towards zero from real numbers, modulo 2^bits between integers.
package struct Cast: Hashable, Sendable {
    package var type: ElementType

    package init(to type: ElementType) { self.type = type }
}

extension Cast: Operation {
    package static let name = "cast"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        return [try operands.result(type, try operands(0).shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        return [TensorData(shape: shape, try inputs.tensor(0).elements.converted(to: type))]
    }
}
