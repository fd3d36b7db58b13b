/// A model for each operator, in groups.
enum TFLiteCases {
    static let all = networks + shapes + functions

    /// Weights that look arbitrary, from -1 to 1.
    static func reals(_ count: Int, _ seed: Int = 0) -> [Float] {
        (0..<count).map { Float(($0 * 29 + seed * 13) % 17 - 8) / 8 }
    }

    /// Element by element, along the last dimension, between types.
    static let functions: [TFLiteCase] =
        unaries + binaries + [
            TFLiteCase("RELU6 int8", "unary function") { draft in
                let x = draft.input(.int8, [2, 4], scale: [0.1], zeroPoint: [-3])
                draft.add("RELU6", [x], [draft.output(.int8, [2, 4], scale: [0.05], zeroPoint: [-128])])
            },
            TFLiteCase("LEAKY_RELU", "unary function") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("LEAKY_RELU", [x], [draft.output(.float32, [2, 4])], options: (75, [0: .float(0.2)]))
            },
            TFLiteCase("GELU, by tanh", "unary function") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("GELU", [x], [draft.output(.float32, [2, 4])], options: (116, [0: .uint8(1)]))
            },
            TFLiteCase("PRELU", "prelu") { draft in
                let x = draft.input(.float32, [1, 2, 2, 2])
                let slope = draft.floats("slope", [1, 1, 2], [0.25, 2])
                draft.add("PRELU", [x, slope], [draft.output(.float32, [1, 2, 2, 2])])
            },
            TFLiteCase("SOFTMAX with beta", "softmax") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("SOFTMAX", [x], [draft.output(.float32, [2, 4])], options: (9, [0: .float(0.5)]))
            },
            TFLiteCase("SOFTMAX int8", "softmax") { draft in
                let x = draft.input(.int8, [1, 5], scale: [0.05], zeroPoint: [2])
                draft.add(
                    "SOFTMAX", [x], [draft.output(.int8, [1, 5], scale: [0.00390625], zeroPoint: [-128])],
                    options: (9, [0: .float(1)]))
            },
            TFLiteCase("LOG_SOFTMAX", "softmax") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("LOG_SOFTMAX", [x], [draft.output(.float32, [2, 4])])
            },
            TFLiteCase("L2_NORMALIZATION", "L2 normalization") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("L2_NORMALIZATION", [x], [draft.output(.float32, [2, 4])], options: (12, [:]))
            },
            TFLiteCase("CUMSUM, exclusive", "cumulative sum") { draft in
                let x = draft.input(.float32, [2, 4])
                let axis = draft.int32s("axis", [], [1])
                draft.add("CUMSUM", [x, axis], [draft.output(.float32, [2, 4])], options: (102, [0: .uint8(1)]))
            },
            TFLiteCase("ADD int8, broadcast, RELU", "binary function") { draft in
                let a = draft.input(.int8, [1, 2, 2, 3], scale: [0.1], zeroPoint: [5])
                let b = draft.input(.int8, [3], scale: [0.05], zeroPoint: [-5])
                draft.add(
                    "ADD", [a, b], [draft.output(.int8, [1, 2, 2, 3], scale: [0.1], zeroPoint: [-20])],
                    options: (11, [0: .int8(1)]))
            },
            TFLiteCase("RESIZE_BILINEAR, half pixel", "resize") { draft in
                resize(&draft, "RESIZE_BILINEAR", 15, [3: .uint8(1)])
            },
            TFLiteCase("RESIZE_BILINEAR, corners", "resize") { draft in
                resize(&draft, "RESIZE_BILINEAR", 15, [2: .uint8(1)])
            },
            TFLiteCase("RESIZE_BILINEAR", "resize") { draft in resize(&draft, "RESIZE_BILINEAR", 15, [:]) },
            TFLiteCase("RESIZE_NEAREST_NEIGHBOR, half pixel", "resize") { draft in
                resize(&draft, "RESIZE_NEAREST_NEIGHBOR", 74, [1: .uint8(1)])
            },
            TFLiteCase("RESIZE_NEAREST_NEIGHBOR, corners", "resize") { draft in
                resize(&draft, "RESIZE_NEAREST_NEIGHBOR", 74, [0: .uint8(1)])
            },
            TFLiteCase("RESIZE_NEAREST_NEIGHBOR", "resize") { draft in
                resize(&draft, "RESIZE_NEAREST_NEIGHBOR", 74, [:])
            },
            reduction("MEAN", keepsDimensions: true, [1, 2], [1, 1, 1, 2]),
            reduction("SUM", keepsDimensions: false, [-1], [1, 2, 3]),
            reduction("REDUCE_MAX", keepsDimensions: false, [1, 2], [1, 2]),
            reduction("REDUCE_MIN", keepsDimensions: true, [2], [1, 2, 1, 2]),
            reduction("REDUCE_PROD", keepsDimensions: false, [3, 1], [1, 3]),
            TFLiteCase("ARG_MAX", "argument reduce") { draft in
                let x = draft.input(.float32, [2, 5])
                let axis = draft.int32s("axis", [], [-1])
                draft.add("ARG_MAX", [x, axis], [draft.output(.int32, [2])], options: (40, [0: .int8(2)]))
            },
            TFLiteCase("QUANTIZE, DEQUANTIZE", "quantize, dequantize") { draft in
                let x = draft.input(.float32, [2, 4])
                let y = draft.tensor("y", .int8, [2, 4], scale: [0.02], zeroPoint: [-1])
                draft.add("QUANTIZE", [x], [y])
                draft.add("DEQUANTIZE", [y], [draft.output(.float32, [2, 4])])
            },
            TFLiteCase("QUANTIZE from uint8 to int8", "unary function") { draft in
                let x = draft.input(.uint8, [2, 4], scale: [0.1], zeroPoint: [128])
                draft.add("QUANTIZE", [x], [draft.output(.int8, [2, 4], scale: [0.1], zeroPoint: [0])])
            },
            TFLiteCase("CAST to int32", "cast") { draft in
                let x = draft.input(.float32, [2, 4])
                draft.add("CAST", [x], [draft.output(.int32, [2, 4])], options: (37, [0: .int8(0), 1: .int8(2)]))
            },
            TFLiteCase("LESS, SELECT_V2", "binary function, select") { draft in
                let (a, b) = (draft.input(.float32, [2, 3]), draft.input(.float32, [3]))
                let condition = draft.tensor("condition", .bool, [2, 3])
                draft.add("LESS", [a, b], [condition])
                draft.add("SELECT_V2", [condition, a, b], [draft.output(.float32, [2, 3])])
            },
        ]

    private static let unaries: [TFLiteCase] =
        [
            "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "HARD_SWISH", "LOGISTIC", "TANH", "ELU", "EXP", "NEG",
            "ABS", "SQUARE", "SIGN", "FLOOR",
            "CEIL", "ROUND", "SIN", "COS",
        ].map { name in
            TFLiteCase(name, "unary function") { draft in
                let x = draft.input(.float32, [2, 5])
                draft.add(name, [x], [draft.output(.float32, [2, 5])])
            }
        }
        + ["LOG", "SQRT", "RSQRT"].map { name in
            TFLiteCase("SQUARE, \(name)", "unary function, unary function") { draft in
                let x = draft.input(.float32, [2, 5])
                let y = draft.tensor("y", .float32, [2, 5])
                draft.add("SQUARE", [x], [y])
                draft.add(name, [y], [draft.output(.float32, [2, 5])])
            }
        }

    private static let kinds: [(name: String, options: UInt8)] = [
        ("ADD", 11), ("SUB", 28), ("MUL", 21), ("DIV", 29), ("MAXIMUM", 39), ("MINIMUM", 39), ("FLOOR_DIV", 65),
        ("FLOOR_MOD", 72),
    ]

    private static let binaries: [TFLiteCase] =
        kinds.map { name, kind in
            TFLiteCase(name, "binary function") { draft in
                let (a, b) = (draft.input(.float32, [2, 3]), draft.input(.float32, [1, 3]))
                draft.add(name, [a, b], [draft.output(.float32, [2, 3])], options: (kind, [:]))
            }
        } + [
            TFLiteCase("SQUARED_DIFFERENCE", "binary function, unary function") { draft in
                let (a, b) = (draft.input(.float32, [2, 3]), draft.input(.float32, [2, 3]))
                draft.add("SQUARED_DIFFERENCE", [a, b], [draft.output(.float32, [2, 3])])
            },
            TFLiteCase("ADD_N", "binary function, binary function") { draft in
                let terms = (0..<3).map { _ in draft.input(.float32, [2, 2]) }
                draft.add("ADD_N", terms, [draft.output(.float32, [2, 2])])
            },
            TFLiteCase("NOT_EQUAL", "binary function, unary function") { draft in
                let (a, b) = (draft.input(.int32, [2, 3]), draft.input(.int32, [1, 3]))
                draft.add("NOT_EQUAL", [a, b], [draft.output(.bool, [2, 3])])
            },
        ]

    private static func resize(
        _ draft: inout TFLiteDraft, _ name: String, _ kind: UInt8, _ fields: [Int: FlatBufferWriter.Field]
    ) {
        let x = draft.input(.float32, [1, 3, 2, 1])
        let size = draft.int32s("size", [2], [5, 5])
        draft.add(name, [x, size], [draft.output(.float32, [1, 5, 5, 1])], options: (kind, fields))
    }

    private static func reduction(
        _ name: String, keepsDimensions: Bool, _ axes: [Int32], _ shape: [Int32]
    ) -> TFLiteCase {
        TFLiteCase(name, "reduce") { draft in
            let x = draft.input(.float32, [1, 2, 3, 2])
            let axes = draft.int32s("axes", [Int32(axes.count)], axes)
            draft.add(
                name, [x, axes], [draft.output(.float32, shape)],
                options: (27, [0: .uint8(keepsDimensions ? 1 : 0)]))
        }
    }
}
