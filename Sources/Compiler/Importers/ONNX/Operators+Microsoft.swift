/// Operators on quantized tensors of the domain `com.microsoft`, as quantizing tools write them.
///
/// - Source: ONNX Runtime, "Contrib Operators".
enum MicrosoftOperators {
    private typealias Quantization = QuantizationOperators

    static let table: [String: ONNXOperators.Mapping] = [
        "QLinearAdd": binary(.add), "QLinearMul": binary(.multiply),
        "QLinearAveragePool": pool, "QLinearGlobalAveragePool": globalPool,
        "QLinearSigmoid": unary { (_) throws(ModelError) in .sigmoid },
        "QLinearLeakyRelu": unary { (node) throws(ModelError) in
            .leakyRelu(slope: try node.float("alpha", default: 0.01))
        },
        "QLinearConcat": concatenate, "QLinearSoftmax": softmax, "QGemm": general,
        "Gelu": ElementwiseOperators.unary(.gelu(isApproximate: false)),
    ].merging(sameAsStandard) { first, _ in first }

    /// What the domain has taken over, for more types.
    private static let sameAsStandard = QuantizationOperators.table.filter {
        ["QuantizeLinear", "DequantizeLinear"].contains($0.key)
    }

    /// The result's scale and zero point stand behind the operand's.
    private static func requantized(
        _ node: inout NodeImport, _ y: ValueID, from first: Int
    ) throws(ModelError) -> [ValueID] {
        [
            try Quantization.quantize(
                &node, y, try node.input(first), node.optional(first + 1), to: resultType(node, first))
        ]
    }

    /// Without a zero point, as the first operand.
    private static func resultType(_ node: NodeImport, _ first: Int) throws(ModelError) -> ElementType {
        if let zeroPoint = node.optional(first + 1) { return node.type(zeroPoint) }
        return node.type(try node.input(0))
    }

    private static func binary(_ function: Binary.Function) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in
            let a = try Quantization.dequantized(&node, from: 0)
            let b = try Quantization.dequantized(&node, from: 3)
            return try requantized(&node, try node.binary(function, a, b), from: 6)
        }
    }

    private static func unary(
        _ function: @escaping @Sendable (inout NodeImport) throws(ModelError) -> Unary.Function
    ) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in
            let x = try Quantization.dequantized(&node, from: 0)
            return try requantized(&node, try node.unary(try function(&node), x), from: 3)
        }
    }

    private static func pool(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let isChannelsLast = try node.flag("channels_last")
        let x = try Quantization.dequantized(&node, from: 0)
        return try requantized(
            &node, try PoolingOperators.pool(&node, .average, x, isChannelsLast: isChannelsLast), from: 3)
    }

    private static func globalPool(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let isChannelsLast = try node.flag("channels_last")
        let x = try Quantization.dequantized(&node, from: 0)
        guard isChannelsLast else {
            return try requantized(&node, try PoolingOperators.global(&node, .mean, x), from: 3)
        }
        let rank = node.shape(x).count
        guard rank >= 3 else {
            throw .mismatch(.init("x", expected: "at least 3 dimensions", found: "\(node.shape(x))"))
        }
        let mean = try node.add(Reduce(.mean, axes: Array(1..<(rank - 1)), keepsDimensions: true), x)
        return try requantized(&node, mean, from: 3)
    }

    /// The result's scale and zero point, then three operands a part.
    private static func concatenate(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        guard node.inputs.count >= 5, (node.inputs.count - 2) % 3 == 0 else {
            throw .mismatch(.init("inputs", expected: "2, and 3 a part", found: "\(node.inputs.count)"))
        }
        var parts: [ValueID] = []
        for first in stride(from: 2, to: node.inputs.count, by: 3) {
            parts.append(try Quantization.dequantized(&node, from: first))
        }
        let y = try MovementOperators.concatenate(&node, parts)
        let first = try node.input(2)
        let type = node.type(node.optional(1) ?? first)
        return [try Quantization.quantize(&node, y, try node.input(0), node.optional(1), to: type)]
    }

    private static func softmax(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try Quantization.dequantized(&node, from: 0)
        let shape = node.shape(x)
        // The version of the standard whose softmax is meant.
        let isFlattened = try node.int("opset", default: 1) < 13
        let axis = try node.axis(try node.int("axis", default: -1), rank: shape.count)
        guard isFlattened, axis != shape.count - 1 else {
            return try requantized(&node, try node.add(Softmax(axis: axis), x), from: 3)
        }
        let flat = try node.reshape(x, [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)])
        let y = try node.reshape(try node.add(Softmax(axis: 1), flat), shape)
        return try requantized(&node, y, from: 3)
    }

    /// `alpha * a * b + c`, c in sums of products; left as real numbers where no scale of the result is stated.
    private static func general(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let alpha = try node.float("alpha", default: 1)
        let transposesB = try node.flag("transB")
        let a = try Quantization.dequantized(&node, from: 0)
        let b = try Quantization.dequantized(&node, from: 3, axis: transposesB ? 0 : 1)
        let (scaleA, scaleB) = (try node.input(1), try node.input(4))
        let bias = try node.optional(6).map { bias throws(ModelError) in
            try Quantization.dequantizedBias(&node, bias, scaleA, scaleB, factor: alpha)
        }
        let y = try MatrixOperators.general(&node, a, b, bias: bias)
        return node.optional(7) == nil ? [y] : try requantized(&node, y, from: 7)
    }
}
