/// What the operators of ONNX are in the model.
enum ONNXOperators {
    /// Adds an operator's meaning to the model.
    /// - Returns: its outputs, in order; trailing ones that nobody asked for may be missing.
    typealias Mapping = @Sendable (inout NodeImport) throws(ModelError) -> [ValueID]

    /// By domain and type; the standard's own domain is "".
    static let table: [String: [String: Mapping]] = [
        "": merged([
            ConvolutionOperators.table, PoolingOperators.table, MatrixOperators.table, ElementwiseOperators.table,
            ActivationOperators.table, ReductionOperators.table, NormalizationOperators.table, ShapeOperators.table,
            MovementOperators.table, ConstantOperators.table, ResizeOperators.table, QuantizationOperators.table,
            IntegerOperators.table, RecurrentOperators.table,
        ]),
        "com.microsoft": MicrosoftOperators.table,
    ]

    /// What is known and not done, with what to do instead.
    static let refusals: [String: String] = [
        "Loop": "unroll the loop in the exporting tool", "Scan": "unroll the loop in the exporting tool",
        "Einsum": "write it as MatMul and Transpose", "NonMaxSuppression": "cut the model before it and do it on site",
        "TopK": "use ArgMax, or cut the model before it",
        "NonZero": "its result has no fixed shape: cut the model before it",
    ]

    static func mapping(of node: ONNXNode) throws(ModelError) -> Mapping {
        if let mapping = table[node.domain]?[node.type] { return mapping }
        let known =
            table[node.domain] == nil ? "operators of the domains ai.onnx and com.microsoft" : "a known operator"
        throw .unsupported(
            .init(
                "operator \(node.domain.isEmpty ? "" : node.domain + ".")\(node.type)", expected: known,
                found: "an operator that nothing here computes",
                advice: refusals[node.type] ?? "replace it in the exporting tool, or cut the model before it"))
    }

    private static func merged(_ tables: [[String: Mapping]]) -> [String: Mapping] {
        tables.reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }
    }
}
