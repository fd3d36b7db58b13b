/// A tensor repeated along dimensions of size 1 until it has a shape (numpy's `broadcast_to`, ONNX's `Expand`).
package struct Broadcast: Hashable, Sendable {
    package var shape: [Int]

    package init(shape: [Int]) { self.shape = shape }
}

extension Broadcast: Operation {
    package static let name = "broadcast"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        let x = try operands(0)
        let result = try operands.result(x.type, shape)
        try operands.require(0, broadcastsTo: shape)
        return [result]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        _ = try results(of: inputs)
        return [try inputs.tensor(0).broadcast(to: shape)]
    }
}
