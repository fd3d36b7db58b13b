/// Arithmetic, comparisons and logic, element by element.
enum ElementwiseOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Add": binary(.add), "Sub": binary(.subtract), "Mul": binary(.multiply), "Div": binary(.divide),
        "And": binary(.and), "Or": binary(.or), "Xor": binary(.xor), "Equal": binary(.equal),
        "BitwiseAnd": binary(.and), "BitwiseOr": binary(.or), "BitwiseXor": binary(.xor),
        "BitwiseNot": not,
        "Less": binary(.less), "LessOrEqual": binary(.lessOrEqual),
        "Greater": binary(.greater), "GreaterOrEqual": binary(.greaterOrEqual),
        "Pow": power, "Mod": modulo,
        "Min": chain(.minimum), "Max": chain(.maximum), "Sum": chain(.add), "Mean": mean,
        "Neg": unary(.negate), "Abs": unary(.absolute), "Sign": unary(.sign), "Not": unary(.not),
        "Reciprocal": unary(.reciprocal), "Sqrt": unary(.sqrt), "Exp": unary(.exp), "Log": unary(.log),
        "Floor": unary(.floor), "Ceil": unary(.ceil), "Round": unary(.round), "Erf": unary(.erf),
        "Sin": unary(.sin), "Cos": unary(.cos), "Tan": unary(.tan), "Asin": unary(.asin), "Acos": unary(.acos),
        "Atan": unary(.atan), "Sinh": unary(.sinh), "Cosh": unary(.cosh), "Asinh": unary(.asinh),
        "Acosh": unary(.acosh), "Atanh": unary(.atanh), "IsNaN": unary(.isNaN), "IsInf": isInfinite,
        "Where": { (node) throws(ModelError) in
            [try node.add(Select(), try node.input(0), try node.input(1), try node.input(2))]
        },
        "Cast": cast,
        "CastLike": { (node) throws(ModelError) in
            node.ignore("saturate")
            return [try node.cast(try node.input(0), to: node.type(try node.input(1)))]
        },
    ]

    static func unary(_ function: Unary.Function) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in [try node.unary(function, try node.input(0))] }
    }

    private static func binary(_ function: Binary.Function) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in [try node.binary(function, try node.input(0), try node.input(1))] }
    }

    /// Of as many operands as there are.
    private static func chain(_ function: Binary.Function) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in [try chained(&node, function)] }
    }

    private static func chained(_ node: inout NodeImport, _ function: Binary.Function) throws(ModelError) -> ValueID {
        let operands = try node.allInputs()
        var result = operands[0]
        for operand in operands.dropFirst() { result = try node.binary(function, result, operand) }
        return result
    }

    private static func mean(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        [try node.binary(.divide, try chained(&node, .add), Float(node.inputs.count))]
    }

    /// Of the type of the base, whatever the exponent's is.
    private static func power(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let (base, exponent) = (try node.input(0), try node.input(1))
        let type = node.type(base)
        if type != .float32, node.type(exponent) == .float32 {
            let y = try node.binary(.power, try node.cast(base, to: .float32), exponent)
            return [try node.cast(y, to: type)]
        }
        return [try node.binary(.power, base, try node.cast(exponent, to: type))]
    }

    private static func modulo(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let function: Binary.Function = try node.flag("fmod") ? .remainder : .modulo
        return [try node.binary(function, try node.input(0), try node.input(1))]
    }

    private static func isInfinite(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let positive = try node.flag("detect_positive", default: true)
        let negative = try node.flag("detect_negative", default: true)
        return [try node.unary(.isInfinite(positive: positive, negative: negative), try node.input(0))]
    }

    private static func cast(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("saturate", "round_mode")
        guard let code = try node.int("to") else {
            throw .malformed(.init("attribute to", expected: "a type", found: "none"))
        }
        let type = try ONNXElementType(code: Int64(code)).required(of: "the result")
        return [try node.cast(try node.input(0), to: type)]
    }

    /// All bits turned: what `xor` with all ones leaves.
    private static func not(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let ones = Elements(node.type(x), wrapping: [-1])
        return [try node.binary(.xor, x, try node.constant(TensorData(shape: [], ones)))]
    }
}
