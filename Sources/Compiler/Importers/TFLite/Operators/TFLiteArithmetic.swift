/// Functions of two operands, element by element.
enum TFLiteArithmetic {
    static let rules: [String: TFLiteRule] = [
        "ADD": binary(.add, .add),
        "SUB": binary(.subtract, .subtract),
        "MUL": binary(.multiply, .multiply),
        "DIV": binary(.divide, .divide),
        "MAXIMUM": binary(.maximum),
        "MINIMUM": binary(.minimum),
        "POW": binary(.power),
        "FLOOR_DIV": binary(.floorDivide),
        "FLOOR_MOD": binary(.modulo),
        "EQUAL": binary(.equal),
        "LESS": binary(.less),
        "LESS_EQUAL": binary(.lessOrEqual),
        "GREATER": binary(.greater),
        "GREATER_EQUAL": binary(.greaterOrEqual),
        "LOGICAL_AND": binary(.and),
        "LOGICAL_OR": binary(.or),
        "NOT_EQUAL": notEqual,
        "SQUARED_DIFFERENCE": squaredDifference,
        "ADD_N": sum,
    ]

    /// - Parameter options: where the fused activation is; nil for an operator without.
    private static func binary(_ function: Binary.Function, _ options: TFLiteOptions.Kind? = nil) -> TFLiteRule {
        { (graph: inout TFLiteGraph) throws(ModelError) in
            var operation = Binary(function)
            if let options { operation.activation = try graph.options(options).activation(0) }
            try graph.write(operation, [try graph.numbers(0, "first operand"), try graph.numbers(1, "second operand")])
        }
    }

    private static func notEqual(_ graph: inout TFLiteGraph) throws(ModelError) {
        let operands = [try graph.numbers(0, "first operand"), try graph.numbers(1, "second operand")]
        try graph.write(Unary(.not), [try graph.compute(Binary(.equal), operands, "equal")])
    }

    private static func squaredDifference(_ graph: inout TFLiteGraph) throws(ModelError) {
        let operands = [try graph.unquantized(0, "first operand"), try graph.unquantized(1, "second operand")]
        try graph.write(Unary(.square), [try graph.compute(Binary(.subtract), operands, "difference")])
    }

    private static func sum(_ graph: inout TFLiteGraph) throws(ModelError) {
        var sum = try graph.unquantized(0, "operand 0")
        guard graph.operandCount > 1 else { return try graph.write(Unary(.identity), [sum]) }
        for index in 1..<graph.operandCount - 1 {
            sum = try graph.compute(
                Binary(.add), [sum, try graph.unquantized(index, "operand \(index)")], "sum_\(index)")
        }
        let last = graph.operandCount - 1
        try graph.write(Binary(.add), [sum, try graph.unquantized(last, "operand \(last)")])
    }
}
