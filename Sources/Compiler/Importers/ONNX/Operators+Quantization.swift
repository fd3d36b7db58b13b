/// Where real numbers become integers, and operators on quantized tensors.
///
/// The latter are dequantize, operator, quantize here, which passes make one integer operator of.
enum QuantizationOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "QuantizeLinear": quantizeLinear, "DequantizeLinear": dequantizeLinear,
        "DynamicQuantizeLinear": { (node) throws(ModelError) in
            try node.addAll(DynamicQuantize(), [try node.input(0)])
        },
        "QLinearConv": convolution, "QLinearMatMul": matrixProduct,
    ]

    /// The dimension along which scales lie; nil for a single one.
    private static func axis(_ node: inout NodeImport, _ x: ValueID, _ scale: ValueID) throws(ModelError) -> Int? {
        let stated = try node.int("axis", default: 1)
        guard try node.int("block_size", default: 0) == 0 else {
            throw node.unsupported(
                "block_size", expected: "0", found: "blocks", advice: "quantize with one scale a tensor or a channel")
        }
        let shape = node.shape(scale)
        if shape.reduce(1, *) == 1 { return nil }
        guard shape.count == 1 else {
            throw node.unsupported("scale", expected: "one, or one a slice along an axis", found: "\(shape)")
        }
        return try node.axis(stated, rank: node.shape(x).count)
    }

    private static func quantizeLinear(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("saturate")
        guard try [0, 1].contains(node.int("precision", default: 0)) else {
            throw node.unsupported("precision", expected: "float", found: "another one")
        }
        let (x, scale) = (try node.input(0), try node.input(1))
        let axis = try axis(&node, x, scale)
        var type = node.optional(2).map { node.type($0) }
        if let code = try node.int("output_dtype"), code != 0 {
            let stated = try ONNXElementType(code: Int64(code)).required(of: "the result")
            guard type == nil || type == stated else {
                throw .mismatch(.init("output_dtype", expected: type?.rawValue ?? "", found: stated.rawValue))
            }
            type = stated
        }
        return [try quantize(&node, x, scale, node.optional(2), to: type ?? .uint8, axis: axis)]
    }

    private static func dequantizeLinear(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("output_dtype")
        let (x, scale) = (try node.input(0), try node.input(1))
        return [try dequantize(&node, x, scale, node.optional(2), axis: try axis(&node, x, scale))]
    }

    /// One scale is a scalar, several are a vector.
    private static func flat(_ node: inout NodeImport, _ parameter: ValueID) throws(ModelError) -> ValueID {
        let count = node.shape(parameter).reduce(1, *)
        return try node.reshape(parameter, count == 1 ? [] : [count])
    }

    static func quantize(
        _ node: inout NodeImport, _ x: ValueID, _ scale: ValueID, _ zeroPoint: ValueID?, to type: ElementType? = nil,
        axis: Int? = nil
    ) throws(ModelError) -> ValueID {
        let type = type ?? zeroPoint.map { node.type($0) } ?? .uint8
        let zero = try zeroPoint.map { zero throws(ModelError) in try flat(&node, zero) }
        let real = node.type(x) == .int32 ? try node.cast(x, to: .float32) : x
        return try node.add(Quantize(to: type, axis: axis), real, try flat(&node, scale), zero)
    }

    static func dequantize(
        _ node: inout NodeImport, _ x: ValueID, _ scale: ValueID, _ zeroPoint: ValueID?, axis: Int? = nil
    ) throws(ModelError) -> ValueID {
        let zero = try zeroPoint.map { zero throws(ModelError) in try flat(&node, zero) }
        return try node.add(Dequantize(axis: axis), x, try flat(&node, scale), zero)
    }

    /// Three operands in a row: elements, scale, zero point.
    /// - Parameter axis: of the scales, should there be several.
    static func dequantized(
        _ node: inout NodeImport, from first: Int, axis: Int? = nil
    ) throws(ModelError) -> ValueID {
        let scale = try node.input(first + 1)
        let isVector = node.shape(scale).reduce(1, *) > 1
        return try dequantize(
            &node, try node.input(first), scale, node.optional(first + 2), axis: isVector ? axis : nil)
    }

    /// Sums of products as real numbers: their scale is the product of the operands'.
    static func dequantizedBias(
        _ node: inout NodeImport, _ bias: ValueID, _ scaleA: ValueID, _ scaleB: ValueID, factor: Float = 1
    ) throws(ModelError) -> ValueID {
        var scale = try node.binary(.multiply, try flat(&node, scaleA), try flat(&node, scaleB))
        if factor != 1 { scale = try node.binary(.multiply, scale, factor) }
        let isVector = node.shape(scale).reduce(1, *) > 1
        return try dequantize(&node, bias, scale, nil, axis: isVector ? node.shape(bias).count - 1 : nil)
    }

    private static func convolution(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try dequantized(&node, from: 0)
        let (weightScale, weightZero) = (try node.input(4), node.optional(5))
        let isVector = node.shape(weightScale).reduce(1, *) > 1
        let laid = try ConvolutionOperators.relaid(&node, try node.input(3))
        let weights = try dequantize(&node, laid, weightScale, weightZero, axis: isVector ? 0 : nil)
        let xScale = try node.input(1)
        let bias = try node.optional(8).map { bias throws(ModelError) in
            try dequantizedBias(&node, bias, xScale, weightScale)
        }
        let y = try ConvolutionOperators.convolution(&node, x, weights, bias: bias)
        return [try quantize(&node, y, try node.input(6), node.optional(7))]
    }

    /// Scales may be one a row of the left matrix and one a column of the right one.
    private static func matrixProduct(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let rank = (a: node.shape(try node.input(0)).count, b: node.shape(try node.input(3)).count)
        let a = try dequantized(&node, from: 0, axis: max(rank.a - 2, 0))
        let b = try dequantized(&node, from: 3, axis: max(rank.b - 1, 0))
        let y = try MatrixOperators.product(&node, a, b)
        return [try quantize(&node, y, try node.input(6), node.optional(7))]
    }
}
