/// Takes a node between dequantized operands and a quantized result over to the integers.
enum NodeQuantization {
    /// - Returns: whether the node works on quantized values now.
    static func takeOver(_ number: Int, _ node: Node, _ editor: inout ModelEditor) -> Bool {
        guard node.outputs.count == 1, editor[node.outputs[0]].quantization == nil,
            let (quantizer, result) = FoldQuantization.quantize(of: node.outputs[0], editor)
        else { return false }
        let inputs: [ValueID?]?
        switch node.operation {
        case is Convolution, is TransposedConvolution:
            inputs = weighted(node, outputAxis: 0, &editor)
        case let product as MatrixProduct:
            let isConstant = node.inputs[1].map { editor[$0].constant != nil } ?? false
            inputs =
                isConstant
                ? weighted(node, outputAxis: product.transposesB ? -2 : -1, &editor) : product2(node, &editor)
        case is Binary, is Concatenate:
            inputs = integers(node.inputs[...], editor)
        case is Unary, is Pool, is Reduce, is Softmax, is L2Normalization, is Resize:
            inputs = integers(node.inputs[...], editor)
        default:
            inputs = nil
        }
        guard let inputs else { return false }
        editor.remove(quantizer)
        editor.setInputs(number, inputs)
        editor.setOutputs(number, [result])
        return true
    }

    /// The integers of all operands, quantized constants among them; nil if one has none.
    private static func integers(_ operands: ArraySlice<ValueID?>, _ editor: ModelEditor) -> [ValueID?]? {
        var result: [ValueID?] = []
        var isActivation = false
        for operand in operands {
            guard let operand else { return nil }
            if let source = FoldQuantization.integers(behind: operand, editor) {
                isActivation = true
                result.append(source)
            } else if editor[operand].constant != nil, editor[operand].type.isQuantizable,
                let quantization = editor[operand].quantization, quantization.axis == nil
            {
                result.append(operand)
            } else {
                return nil
            }
        }
        return isActivation ? result : nil
    }

    /// A product of two tensors that are both computed; a bias would need a scale of its own.
    private static func product2(_ node: Node, _ editor: inout ModelEditor) -> [ValueID?]? {
        guard node.inputs.count < 3 || node.inputs[2] == nil else { return nil }
        return integers(node.inputs[0..<2], editor)
    }

    /// x, constant weights, bias.
    /// - Parameter outputAxis: the weights' dimension of output channels; below zero from the end.
    private static func weighted(_ node: Node, outputAxis: Int, _ editor: inout ModelEditor) -> [ValueID?]? {
        guard let real = node.inputs[0], let x = FoldQuantization.integers(behind: real, editor),
            let weights = node.inputs[1], editor[weights].constant != nil, editor[weights].type.isQuantizable,
            let weightScales = editor[weights].quantization, let scale = editor[x].quantization?.scales[0]
        else { return nil }
        let rank = editor[weights].shape.count
        if let axis = weightScales.axis, axis != (outputAxis < 0 ? rank + outputAxis : outputAxis) { return nil }
        guard node.inputs.count > 2, let bias = node.inputs[2] else { return [x, weights] }
        let scales = weightScales.scales.map { scale * $0 }
        guard let integers = integerBias(bias, scales, &editor) else { return nil }
        return [x, weights, integers]
    }

    /// How far a bias's own scale may be from the product of the others and still be the same one, rounded otherwise.
    private static let scaleTolerance: Float = 1e-4

    /// The bias as int32 with the scales of the products that it is added to; nil if it cannot be.
    private static func integerBias(_ bias: ValueID, _ scales: [Float], _ editor: inout ModelEditor) -> ValueID? {
        guard let data = editor[bias].constant, scales.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
        let count = data.elements.count
        guard data.shape.last == count || count == 1, scales.count == 1 || scales.count == count else { return nil }
        let axis = scales.count == 1 ? nil : data.shape.count - 1
        let target = ValueQuantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis)
        if editor[bias].quantization == target, data.type == .int32 { return bias }
        var old: [Float]?
        if let quantization = editor[bias].quantization {
            guard data.type == .int32, quantization.zeroPoints.allSatisfy({ $0 == 0 }) else { return nil }
            let pairs = (0..<max(scales.count, quantization.scales.count)).map {
                (quantization.scales[$0 % quantization.scales.count], scales[$0 % scales.count])
            }
            if pairs.allSatisfy({ abs($0 - $1) <= scaleTolerance * $1 }) {
                return editor.addConstant(editor[bias].name, data, quantization: target)
            }
            old = try? QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
        } else {
            old = editor.plainReals(bias)
        }
        guard let old else { return nil }
        let elements = QuantizationParameters(target).quantize(old, shape: data.shape, type: .int32)
        return editor.addConstant(
            editor[bias].name, TensorData(shape: data.shape, elements), quantization: target)
    }
}
