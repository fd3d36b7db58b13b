internal import Graph

/// An addition that is computed together with the convolution before it.
struct JoinedAddition {
    var convolution: Node
    var operation: Convolution
    /// The other operand.
    var other: ValueID
}

extension Lowering {
    /// Additions one of whose operands is a convolution's result that nobody else reads and nothing cuts off, where the
    /// contract adds before it rounds; by their output.
    func joinedAdditions() -> [ValueID: JoinedAddition] {
        var found: [ValueID: JoinedAddition] = [:]
        var makers: [ValueID: Node] = [:]
        var readers: [ValueID: Int] = [:]
        for id in model.outputs { readers[id, default: 0] += 1 }
        for node in model.nodes {
            for id in node.outputs { makers[id] = node }
            for id in node.inputs.compactMap({ $0 }) { readers[id, default: 0] += 1 }
        }
        for node in model.nodes {
            guard let addition = node.operation as? Binary, addition.function == .add, node.inputs.count == 2,
                let left = node.inputs[0], let right = node.inputs[1], left != right,
                let output = try? quantization(of: node.outputs[0])
            else { continue }
            // Of two convolutions the one that the file has first, whichever operand it is: so does Rockchip's tool
            // (seen on ResNet-8, 8,192 of 8,192 elements, with the nodes in either order). The other one is rounded.
            let order = model.nodes.lastIndex { $0.outputs.contains(right) } ?? -1
            let isRightLater = order > (model.nodes.lastIndex { $0.outputs.contains(left) } ?? -1)
            for (result, other) in isRightLater ? [(left, right), (right, left)] : [(right, left), (left, right)] {
                guard let maker = makers[result], let operation = maker.operation as? Convolution,
                    readers[result] == 1, operation.activation == .none, !isDepthwise(maker, operation),
                    model[other].shape == model[node.outputs[0]].shape, model[other].constant == nil,
                    model[result].shape == model[other].shape, let from = try? quantization(of: other),
                    contract.joinedAddition(from, output: output) != nil
                else { continue }
                found[node.outputs[0]] = JoinedAddition(convolution: maker, operation: operation, other: other)
                break
            }
        }
        return found
    }
}
