/// How one built-in operator becomes nodes of a ``Model``.
typealias TFLiteRule = @Sendable (inout TFLiteGraph) throws(ModelError) -> Void

/// The built-in operators: their names by code, and the rules of those that are translated.
enum TFLiteOperators {
    /// Rules by the operator's name, gathered from the groups.
    static let rules: [String: TFLiteRule] = [
        TFLiteConvolutions.rules, TFLiteProducts.rules, TFLitePools.rules, TFLiteArithmetic.rules,
        TFLiteFunctions.rules, TFLiteReductions.rules, TFLiteShapes.rules, TFLiteSlices.rules, TFLiteJoins.rules,
        TFLitePads.rules, TFLiteBlocks.rules, TFLiteResizes.rules, TFLiteSelections.rules, TFLiteQuantizations.rules,
        TFLiteConstants.rules, TFLiteRecurrences.rules,
    ].reduce(into: [:]) { all, group in all.merge(group) { first, _ in first } }

    /// The schema's name of an operator's code.
    static func name(of code: Int) -> String { names.indices.contains(code) ? names[code] : "operator \(code)" }

    /// Says which operator is missing, on what it works, and what to do.
    static func unsupported(_ row: TFLiteFile.Operator, in file: TFLiteFile) -> ModelError {
        let output = row.outputs.first.map { file.tensors[$0] }
        let result = output.map { " for \($0.place) \($0.shape)" } ?? ""
        return .unsupported(
            .init(
                "operator \(row.kind.customName.map { "CUSTOM \"\($0)\"" } ?? row.kind.name)\(result)",
                expected: "one of the \(rules.count) operators that are translated", found: "another one",
                place: row.place, advice: advice(on: row.kind)))
    }

    private static func advice(on kind: TFLiteFile.Kind) -> String {
        switch kind.name {
        case "CUSTOM":
            return "convert the model with TensorFlow Lite's built-in operators only"
                + " (target_spec.supported_ops = [TFLITE_BUILTINS])"
        case "WHILE", "IF", "CALL", "CALL_ONCE":
            return "control flow cannot be scheduled ahead: convert the model without it, for recurrent Keras layers"
                + " with unroll=True"
        case "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "SVDF", "RNN", "UNIDIRECTIONAL_SEQUENCE_RNN":
            return "nothing is kept from run to run: give the state to the model as an input and take it as an output"
        case "LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN":
            return "convert the recurrent layer with unroll=True"
        case let name where name.hasPrefix("STABLEHLO_"):
            return "convert the model to TensorFlow Lite's built-in operators, without StableHLO"
        default:
            return "open an issue that names this operator and its shapes, or replace it before converting"
        }
    }

    /// The schema's `BuiltinOperator`, from code 0 on.
    private static let names = """
        ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
        FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
        LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
        SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN
        GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM
        STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
        CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
        TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN
        FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV
        REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE
        MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG
        QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND
        SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO
        RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
        CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE
        RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX
        UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC
        STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP
        STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL
        STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR
        STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER
        STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE
        STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA
        STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER
        STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT
        STABLEHLO_CBRT STABLEHLO_CASE
        """.split(whereSeparator: \.isWhitespace).map(String.init)
}
