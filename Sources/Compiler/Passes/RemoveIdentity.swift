/// Nodes whose result is their operand, element by element.
package enum RemoveIdentity: Pass {
    package static let name = "remove-identity"
    package static let summary =
        "Takes out what changes nothing: casts to the same type, slices of everything, joins of one."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number), node.outputs.count == 1, let x = identityOperand(node, editor)
                else { continue }
                let (source, result) = (editor[x], editor[node.outputs[0]])
                guard source.type == result.type, source.shape == result.shape,
                    source.quantization == result.quantization, editor.isRead(node.outputs[0]),
                    editor.replaceUses(of: node.outputs[0], with: x)
                else { continue }
                editor.remove(number)
                editor.noteChange()
            }
        }
    }

    /// The operand that the result would be if type, shape and quantization are the same.
    private static func identityOperand(_ node: Node, _ editor: ModelEditor) -> ValueID? {
        guard let x = node.inputs.first ?? nil else { return nil }
        let isIdentity =
            switch node.operation {
            case is Cast, is Reshape, is Broadcast, is Split: true
            case let operation as Transpose: Permutation.isIdentity(operation.permutation)
            case let operation as Slice: operation.steps.allSatisfy { $0 == 1 }
            case let operation as Pad: (operation.before + operation.after).allSatisfy { $0 == 0 }
            case let operation as Tile: operation.repeats.allSatisfy { $0 == 1 }
            case is Concatenate: node.inputs.count == 1
            case let operation as Resize: operation.scaleHeight ?? 1 == 1 && operation.scaleWidth ?? 1 == 1
            case let operation as Unary: operation.function == .identity || operation.function == .clamp(.none)
            case let operation as Pool:
                operation.kernel == Pair(1, 1) && operation.strides == Pair(1, 1) && operation.padding == .none
                    && operation.activation == .none
            case let operation as Binary: isByOne(operation, node, editor)
            default: false
            }
        return isIdentity ? x : nil
    }

    /// Adding zero is not one: it makes a zero of a negative zero.
    private static func isByOne(_ operation: Binary, _ node: Node, _ editor: ModelEditor) -> Bool {
        guard operation.function == .multiply || operation.function == .divide, operation.activation == .none,
            let factors = editor.plainReals(node.inputs[1])
        else { return false }
        return factors.allSatisfy { $0 == 1 }
    }
}
