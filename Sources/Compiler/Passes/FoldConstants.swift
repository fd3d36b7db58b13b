/// Nodes all of whose operands are known are computed now.
///
/// - Quantization: integers dequantized by constant scales stay integers, with the quantization on the constant; data
///   movement keeps them so.
package enum FoldConstants: Pass {
    package static let name = "fold-constants"
    package static let summary = "Computes once, now, what does not depend on an input."

    /// A result may be this large whatever its operands are; above it must not be larger than they are together.
    static let elementLimit = 1 << 16

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor throws(ModelError) in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number), isFoldable(node, editor) else { continue }
                do throws(ModelError) {
                    try fold(number, node, &editor)
                } catch {
                    throw error.at(node.place)
                }
            }
        }
    }

    private static func isFoldable(_ node: Node, _ editor: ModelEditor) -> Bool {
        let operands = node.inputs.compactMap { $0 }
        guard !operands.isEmpty, operands.allSatisfy({ editor[$0].constant != nil }),
            !node.outputs.contains(where: editor.isOutput)
        else { return false }
        let given = operands.reduce(0) { $0 + editor[$1].elementCount }
        let made = node.outputs.reduce(0) { $0 + editor[$1].elementCount }
        return made <= max(elementLimit, given)
    }

    private static func fold(_ number: Int, _ node: Node, _ editor: inout ModelEditor) throws(ModelError) {
        if keepsIntegers(number, node, &editor) { return }
        if let first = node.inputs[0], let quantization = editor[first].quantization, isBareMovement(node, editor),
            let kept = axis(of: quantization, behind: node, editor)
        {
            let results = try node.operation.evaluate(node.inputs.map { editor.constant($0) })
            for (output, data) in zip(node.outputs, results) {
                editor.makeConstant(output, data, quantization: kept)
            }
            return editor.noteChange()
        }
        try evaluate(node, &editor)
    }

    /// Whether the integers can be moved as they are, without a look at what they stand for.
    private static func isBareMovement(_ node: Node, _ editor: ModelEditor) -> Bool {
        switch node.operation {
        case is Transpose, is Reshape, is Slice, is Split, is Tile, is Broadcast, is Gather: true
        case is Concatenate:
            node.inputs.allSatisfy { operand in
                guard let operand, let first = node.inputs[0] else { return false }
                return editor[operand].quantization == editor[first].quantization
                    && editor[operand].type == editor[first].type
            }
        default: false
        }
    }

    /// Dequantize: the constant takes the scales over and stays integers.
    private static func keepsIntegers(_ number: Int, _ node: Node, _ editor: inout ModelEditor) -> Bool {
        guard node.operation is Dequantize, let x = node.inputs[0], let data = editor[x].constant,
            let parameters = editor.parameters(node)
        else { return false }
        editor.makeConstant(node.outputs[0], data, quantization: parameters)
        editor.noteChange()
        return true
    }

    /// The quantization behind a node that moves whole slices; nil if it does not keep them.
    private static func axis(
        of quantization: ValueQuantization, behind node: Node, _ editor: ModelEditor
    ) -> ValueQuantization? {
        guard let axis = quantization.axis else { return quantization }
        guard let x = node.inputs[0] else { return nil }
        var result = quantization
        switch node.operation {
        case let transpose as Transpose: return quantization.transposed(by: transpose.permutation)
        case let reshape as Reshape: result.axis = ModelEditor.axis(axis, of: editor[x].shape, in: reshape.shape)
        default: return nil
        }
        return result.axis == nil ? nil : result
    }

    private static func evaluate(_ node: Node, _ editor: inout ModelEditor) throws(ModelError) {
        var operands: [TensorData?] = []
        for id in node.inputs {
            guard let id, let data = editor[id].constant else {
                operands.append(nil)
                continue
            }
            guard let quantization = editor[id].quantization, !node.operation.readsBareIntegers else {
                operands.append(data)
                continue
            }
            let reals = try QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
            operands.append(TensorData(shape: data.shape, .float32(reals)))
        }
        for (output, result) in zip(node.outputs, try node.operation.evaluate(operands)) {
            let (type, quantization) = (editor[output].type, editor[output].quantization)
            var data = result
            if let quantization, case .float32(let reals) = data.elements {
                data.elements = QuantizationParameters(quantization).quantize(reals, shape: data.shape, type: type)
            }
            editor.makeConstant(output, data, quantization: quantization)
        }
        editor.noteChange()
    }
}
