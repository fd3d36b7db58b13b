/// What stands behind a layer: functions of one number, and their limits.
enum ActivationOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Relu": ElementwiseOperators.unary(.clamp(.relu)),
        "Sigmoid": ElementwiseOperators.unary(.sigmoid), "Tanh": ElementwiseOperators.unary(.tanh),
        "HardSwish": ElementwiseOperators.unary(.hardSwish), "Softplus": ElementwiseOperators.unary(.softplus),
        "Softsign": ElementwiseOperators.unary(.softsign), "Mish": ElementwiseOperators.unary(.mish),
        "Identity": { (node) throws(ModelError) in [try node.input(0)] },
        "Dropout": dropout, "Clip": clip, "Gelu": gelu, "Selu": selu, "Swish": swish,
        "LeakyRelu": alpha(0.01) { .leakyRelu(slope: $0) },
        "Elu": alpha(1) { .elu(alpha: $0) },
        "Celu": alpha(1) { .celu(alpha: $0) },
        "ThresholdedRelu": alpha(1) { .thresholdedRelu(alpha: $0) },
        "HardSigmoid": { (node) throws(ModelError) in
            let (alpha, beta) = (try node.float("alpha", default: 0.2), try node.float("beta", default: 0.5))
            return [try node.unary(.hardSigmoid(alpha: alpha, beta: beta), try node.input(0))]
        },
        "PRelu": { (node) throws(ModelError) in [try node.add(PRelu(), try node.input(0), try node.input(1))] },
    ]

    /// A function with one parameter.
    private static func alpha(
        _ value: Float, _ function: @escaping @Sendable (Float) -> Unary.Function
    ) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in
            [try node.unary(function(try node.float("alpha", default: value)), try node.input(0))]
        }
    }

    /// Before operator set 11 the limits are attributes, then operands.
    private static func clip(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        if node.version < 11 {
            let low = try node.float("min", default: -.infinity)
            let high = try node.float("max", default: .infinity)
            return [try node.unary(.clamp(Activation(low: low, high: high)), x)]
        }
        // Whole numbers beyond 2^24 are no floats, and a limit may come from the network itself.
        if node.type(x) == .float32, let low = try limit(node, 1, -.infinity), let high = try limit(node, 2, .infinity)
        {
            return [try node.unary(.clamp(Activation(low: low, high: high)), x)]
        }
        let low = try node.optional(1).map { low throws(ModelError) in try node.binary(.maximum, x, low) } ?? x
        return [try node.optional(2).map { high throws(ModelError) in try node.binary(.minimum, low, high) } ?? low]
    }

    /// nil where it is known only at run time, or is no number.
    private static func limit(_ node: NodeImport, _ index: Int, _ value: Float) throws(ModelError) -> Float? {
        guard let id = node.optional(index) else { return value }
        guard let data = try node.builder.known(id), data.elements.count == 1, let limit = data.elements.reals.first,
            !limit.isNaN
        else { return nil }
        return limit
    }

    private static func gelu(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let isApproximate = try node.string("approximate", default: "none") == "tanh"
        return [try node.unary(.gelu(isApproximate: isApproximate), try node.input(0))]
    }

    private static func selu(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let alpha = try node.float("alpha", default: 1.673_263_2)
        let gamma = try node.float("gamma", default: 1.050_701)
        return [try node.unary(.selu(alpha: alpha, gamma: gamma), try node.input(0))]
    }

    /// `x * sigmoid(alpha * x)`.
    private static func swish(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let alpha = try node.float("alpha", default: 1)
        let scaled = alpha == 1 ? x : try node.binary(.multiply, x, alpha)
        return [try node.binary(.multiply, x, try node.unary(.sigmoid, scaled))]
    }

    /// Nothing, outside of training.
    private static func dropout(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("ratio", "seed", "is_test")
        let x = try node.input(0)
        if let training = try node.known(2, "training_mode"), training.elements.integers.contains(1) {
            throw node.unsupported(
                "training_mode", expected: "false", found: "true", advice: "export the model for inference")
        }
        guard node.node.outputs.count > 1, node.version >= 10 else { return [x] }
        let kept = try node.constant(TensorData(shape: [], .bool([true])))
        return [x, try node.add(Broadcast(shape: node.shape(x)), kept)]
    }
}
