/// Functions of one operand, element by element, and those along its last dimension.
enum TFLiteFunctions {
    static let rules: [String: TFLiteRule] = [
        "RELU": unary(.clamp(.relu)),
        "RELU6": unary(.clamp(.relu6)),
        "RELU_N1_TO_1": unary(.clamp(.reluN1To1)),
        "RELU_0_TO_1": unary(.clamp(Activation(low: 0, high: 1))),
        "HARD_SWISH": unary(.hardSwish),
        "LOGISTIC": unary(.sigmoid),
        "TANH": unary(.tanh),
        "ELU": unary(.elu(alpha: 1)),
        "EXP": unary(.exp),
        "LOG": unary(.log),
        "SQRT": unary(.sqrt),
        "RSQRT": unary(.reciprocalSqrt),
        "NEG": unary(.negate),
        "ABS": unary(.absolute),
        "SQUARE": unary(.square),
        "SIGN": unary(.sign),
        "FLOOR": unary(.floor),
        "CEIL": unary(.ceil),
        "ROUND": unary(.round),
        "SIN": unary(.sin),
        "COS": unary(.cos),
        "LOGICAL_NOT": unary(.not),
        "LEAKY_RELU": leakyRelu,
        "GELU": gelu,
        "PRELU": prelu,
        "SOFTMAX": softmax,
        "LOG_SOFTMAX": logSoftmax,
        "L2_NORMALIZATION": l2Normalization,
        "CUMSUM": cumulativeSum,
    ]

    private static func unary(_ function: Unary.Function) -> TFLiteRule {
        { (graph: inout TFLiteGraph) throws(ModelError) in
            try graph.write(Unary(function), [try graph.numbers(0, "operand")])
        }
    }

    private static func leakyRelu(_ graph: inout TFLiteGraph) throws(ModelError) {
        let slope = try graph.options(.leakyRelu).float("alpha", 0)
        try graph.write(Unary(.leakyRelu(slope: slope)), [try graph.real(0, "operand")])
    }

    private static func gelu(_ graph: inout TFLiteGraph) throws(ModelError) {
        let isApproximate = try graph.options(.gelu).flag("approximate", 0)
        try graph.write(Unary(.gelu(isApproximate: isApproximate)), [try graph.real(0, "operand")])
    }

    private static func prelu(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.real(0, "operand")
        try graph.write(PRelu(), [x, try graph.weights(1, "slope", for: x)])
    }

    private static func softmax(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.real(0, "operand")
        var operation = Softmax(axis: try graph.axis(-1, of: x))
        operation.beta = try graph.options(.softmax).float("beta", 0)
        try graph.write(operation, [x])
    }

    private static func logSoftmax(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.real(0, "operand")
        var operation = Softmax(axis: try graph.axis(-1, of: x))
        operation.isLogarithm = true
        try graph.write(operation, [x])
    }

    /// The length is at least 1e-6; ``L2Normalization`` says it of its square.
    private static func l2Normalization(_ graph: inout TFLiteGraph) throws(ModelError) {
        try graph.requireNoActivation(try graph.options(.l2Normalization).activation(0))
        let x = try graph.real(0, "operand")
        var operation = L2Normalization(axis: try graph.axis(-1, of: x))
        operation.epsilon = 1e-12
        try graph.write(operation, [x])
    }

    private static func cumulativeSum(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.cumulativeSum)
        let x = try graph.unquantized(0, "operand")
        var operation = CumulativeSum(axis: try graph.axis(try graph.integer(1, "axis"), of: x))
        operation.isExclusive = try options.flag("exclusive", 0)
        operation.isReversed = try options.flag("reverse", 1)
        try graph.write(operation, [x])
    }
}
