/// Between real numbers and integers, and between types.
enum TFLiteQuantizations {
    static let rules: [String: TFLiteRule] = [
        "QUANTIZE": quantize,
        "DEQUANTIZE": dequantize,
        "CAST": cast,
    ]

    /// From one quantization to another it is the identity of real numbers.
    private static func quantize(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.real(0, "operand")
        let output = graph.output()
        guard let quantization = try output.quantization() else {
            throw .malformed(
                .init("output", expected: "a tensor with a scale", found: "one without", place: output.place))
        }
        if graph.model[x].quantization != nil { return try graph.write(Unary(.identity), [x]) }
        let type = try output.elementType()
        let (scale, zeroPoint) = try graph.parameters(quantization, type)
        try graph.write(Quantize(to: type, axis: quantization.axis), [x, scale, zeroPoint])
    }

    /// A constant is dequantized here; float16 ones have become float32 when they were read.
    private static func dequantize(_ graph: inout TFLiteGraph) throws(ModelError) {
        let given = try graph.tensor(0, "operand")
        if given.type == .float16 { return graph.write(try graph.real(0, "operand")) }
        if graph.isConstant(0) {
            let (data, quantization) = try graph.constant(given)
            guard let quantization else {
                throw .malformed(.init("operand", expected: "a scale", found: "none", place: given.place))
            }
            return try graph.write(data.dequantized(quantization))
        }
        let x = try graph.real(0, "operand")
        guard let quantization = graph.model[x].quantization else {
            return try graph.write(Unary(.identity), [x])
        }
        let (scale, zeroPoint) = try graph.parameters(quantization, graph.model[x].type)
        try graph.write(Dequantize(axis: quantization.axis), [x, scale, zeroPoint])
    }

    /// Of plain numbers only: what a cast does to the integers behind a scale is no function of what they stand for.
    private static func cast(_ graph: inout TFLiteGraph) throws(ModelError) {
        _ = try graph.options(.cast)
        let x = try graph.unquantized(0, "operand")
        try graph.write(Cast(to: try graph.output().elementType()), [x])
    }
}

extension TFLiteGraph {
    /// The operands of ``Quantize`` and ``Dequantize`` that say how.
    fileprivate mutating func parameters(
        _ quantization: ValueQuantization, _ type: ElementType
    ) throws(ModelError) -> (scale: ValueID, zeroPoint: ValueID) {
        let shape = quantization.axis == nil ? [] : [quantization.scales.count]
        let zeroPoints = Elements(type, wrapping: quantization.zeroPoints.map(Int64.init))
        return (
            try constant("scale", TensorData(shape: shape, .float32(quantization.scales))),
            try constant("zero_point", TensorData(shape: shape, zeroPoints))
        )
    }
}
