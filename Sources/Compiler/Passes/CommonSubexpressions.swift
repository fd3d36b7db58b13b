/// The same operation on the same operands, computed once.
package enum CommonSubexpressions: Pass {
    package static let name = "common-subexpressions"
    package static let summary = "Computes once what several nodes compute alike, and keeps equal small constants once."

    /// Larger constants are rarely equal, and comparing them costs.
    private static let elementLimit = 4_096

    private struct ConstantKey: Hashable {
        var data: TensorData
        var quantization: ValueQuantization?
        var isFromUnsigned: Bool
    }

    private struct NodeKey: Hashable {
        struct Result: Hashable {
            var type: ElementType
            var quantization: ValueQuantization?
            var isFromUnsigned: Bool
        }
        var operation: AnyHashable
        var inputs: [ValueID?]
        var results: [Result]
    }

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            mergeConstants(&editor)
            var seen: [NodeKey: [ValueID]] = [:]
            for number in editor.nodeNumbers {
                guard let node = editor.node(number) else { continue }
                let results = node.outputs.map {
                    NodeKey.Result(
                        type: editor[$0].type, quantization: editor[$0].quantization,
                        isFromUnsigned: editor[$0].isFromUnsigned)
                }
                let key = NodeKey(operation: AnyHashable(node.operation), inputs: node.inputs, results: results)
                guard let first = seen[key] else {
                    seen[key] = node.outputs
                    continue
                }
                var isReplaced = true
                for (old, new) in zip(node.outputs, first) where editor.isRead(old) {
                    isReplaced = editor.replaceUses(of: old, with: new) && isReplaced
                }
                if isReplaced {
                    editor.remove(number)
                    editor.noteChange()
                }
            }
        }
    }

    private static func mergeConstants(_ editor: inout ModelEditor) {
        var seen: [ConstantKey: ValueID] = [:]
        for index in editor.model.values.indices {
            let id = ValueID(index: index)
            guard let data = editor[id].constant, data.elements.count <= elementLimit, editor.isRead(id),
                !editor.isOutput(id), !editor.isInput(id)
            else { continue }
            let key = ConstantKey(
                data: data, quantization: editor[id].quantization, isFromUnsigned: editor[id].isFromUnsigned)
            if let first = seen[key] {
                editor.replaceUses(of: id, with: first)
                editor.noteChange()
            } else {
                seen[key] = id
            }
        }
    }
}
