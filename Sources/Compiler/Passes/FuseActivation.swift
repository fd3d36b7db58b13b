/// A clamp behind a node that can clamp by itself.
///
/// - Quantization: between values of the same quantization; `clamp(quantize(x))` is `quantize(clamp(x))` because
///   quantizing never swaps two numbers.
package enum FuseActivation: Pass {
    package static let name = "fuse-activation"
    package static let summary =
        "Lets a convolution, product, pool or sum clamp its own results where a relu follows it."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number), let clamp = node.operation as? Unary,
                    case .clamp(let range) = clamp.function, !range.low.isNaN, !range.high.isNaN,
                    let x = node.inputs[0],
                    editor.onlyReader(of: x) == number, let last = editor.writer(of: x),
                    editor[x].quantization == editor[node.outputs[0]].quantization,
                    editor[x].type == editor[node.outputs[0]].type, let writer = computing(x, editor),
                    let before = editor.node(writer), before.outputs.count == 1,
                    let fused = with(range, behind: before.operation)
                else { continue }
                editor.setOperation(writer, fused)
                editor.remove(number)
                editor.setOutputs(last, node.outputs)
                editor.noteChange()
            }
        }
    }

    /// The node that computes the elements of a value, seen through what only reorders them for it.
    private static func computing(_ value: ValueID, _ editor: ModelEditor) -> Int? {
        var value = value
        while let writer = editor.writer(of: value), let node = editor.node(writer) {
            guard node.operation is Reshape || node.operation is Transpose else { return writer }
            guard let x = node.inputs[0], editor.onlyReader(of: x) == writer,
                editor[x].quantization == editor[value].quantization, editor[x].type == editor[value].type
            else { return nil }
            value = x
        }
        return nil
    }

    /// The operation with a second clamp behind its own; nil if it has none.
    private static func with(_ range: Activation, behind operation: any Operation) -> (any Operation)? {
        switch operation {
        case var operation as Convolution:
            operation.activation = operation.activation.followed(by: range)
            return operation
        case var operation as TransposedConvolution:
            operation.activation = operation.activation.followed(by: range)
            return operation
        case var operation as MatrixProduct:
            operation.activation = operation.activation.followed(by: range)
            return operation
        case var operation as Pool:
            operation.activation = operation.activation.followed(by: range)
            return operation
        case var operation as Binary where [.add, .subtract, .multiply, .divide].contains(operation.function):
            operation.activation = operation.activation.followed(by: range)
            return operation
        case let operation as Unary:
            guard case .clamp(let first) = operation.function else { return nil }
            return Unary(.clamp(first.followed(by: range)))
        default:
            return nil
        }
    }
}

extension Activation {
    /// Both clamps as one.
    func followed(by other: Activation) -> Activation { Activation(low: other(low), high: other(high)) }
}
