/// Convolutions, products, pools.
extension TFLiteCases {
    static let networks: [TFLiteCase] = [
        TFLiteCase("CONV_2D SAME, odd padding, RELU6", "convolution") { draft in
            let x = draft.input(.float32, [1, 5, 4, 2])
            let w = draft.floats("w", [3, 2, 3, 2], reals(36))
            let b = draft.floats("b", [3], [0.5, -0.25, 1])
            draft.add(
                "CONV_2D", [x, w, b], [draft.output(.float32, [1, 3, 2, 3])],
                options: (1, [0: .int8(0), 1: .int32(2), 2: .int32(2), 3: .int8(3)]))
        },
        TFLiteCase("CONV_2D VALID, dilated", "convolution") { draft in
            let x = draft.input(.float32, [1, 6, 5, 1])
            let w = draft.floats("w", [2, 2, 3, 1], reals(12))
            let b = draft.floats("b", [2], [0, 0])
            draft.add(
                "CONV_2D", [x, w, b], [draft.output(.float32, [1, 3, 3, 2])],
                options: (1, [0: .int8(1), 1: .int32(1), 2: .int32(1), 4: .int32(1), 5: .int32(3)]))
        },
        TFLiteCase("CONV_2D int8 per channel", "convolution") { draft in
            let x = draft.input(.int8, [1, 4, 4, 2], scale: [0.05], zeroPoint: [3])
            let w = draft.int8s(
                "w", [2, 3, 3, 2], (0..<36).map { Int8($0 * 29 % 201 - 100) }, scale: [0.01, 0.02], zeroPoint: [0, 0])
            let b = draft.int32s("b", [2], [100, -200], scale: [0.0005, 0.001])
            draft.add(
                "CONV_2D", [x, w, b], [draft.output(.int8, [1, 4, 4, 2], scale: [0.2], zeroPoint: [-10])],
                options: (1, [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int8(1)]))
        },
        TFLiteCase("DEPTHWISE_CONV_2D, multiplier 2", "convolution") { draft in
            let x = draft.input(.float32, [1, 4, 4, 2])
            let w = draft.floats("w", [1, 3, 2, 4], reals(24))
            let b = draft.floats("b", [4], [0, 1, 2, 3])
            draft.add(
                "DEPTHWISE_CONV_2D", [x, w, b], [draft.output(.float32, [1, 4, 4, 4])],
                options: (2, [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int32(2)]))
        },
        TFLiteCase("DEPTHWISE_CONV_2D uint8, strides, dilation along the height", "convolution") { draft in
            let x = draft.input(.uint8, [1, 7, 6, 3], scale: [0.1], zeroPoint: [120])
            let w = draft.tensor(
                "w", .uint8, [1, 3, 3, 3], scale: [0.02], zeroPoint: [127],
                bytes: (0..<27).map { UInt8($0 * 31 % 256) })
            let b = draft.int32s("b", [3], [50, 0, -50], scale: [0.002])
            draft.add(
                "DEPTHWISE_CONV_2D", [x, w, b], [draft.output(.uint8, [1, 3, 4, 3], scale: [0.25], zeroPoint: [128])],
                options: (2, [0: .int8(1), 1: .int32(1), 2: .int32(1), 3: .int32(1), 5: .int32(1), 6: .int32(2)]))
        },
        TFLiteCase("TRANSPOSE_CONV SAME", "transposed convolution") { draft in
            let size = draft.int32s("size", [4], [1, 5, 6, 2])
            let w = draft.floats("w", [2, 3, 3, 1], reals(18))
            let x = draft.input(.float32, [1, 3, 3, 1])
            draft.add(
                "TRANSPOSE_CONV", [size, w, x], [draft.output(.float32, [1, 5, 6, 2])],
                options: (49, [0: .int8(0), 1: .int32(2), 2: .int32(2)]))
        },
        TFLiteCase("TRANSPOSE_CONV VALID, bias, larger than the kernel reaches", "transposed convolution") { draft in
            let size = draft.int32s("size", [4], [1, 6, 5, 1])
            let w = draft.floats("w", [1, 2, 2, 2], reals(8))
            let x = draft.input(.float32, [1, 2, 2, 2])
            let b = draft.floats("b", [1], [0.5])
            draft.add(
                "TRANSPOSE_CONV", [size, w, x, b], [draft.output(.float32, [1, 6, 5, 1])],
                options: (49, [0: .int8(1), 1: .int32(3), 2: .int32(3)]))
        },
        TFLiteCase("FULLY_CONNECTED flattens", "reshape, matrix product") { draft in
            let x = draft.input(.float32, [2, 2, 3])
            let w = draft.floats("w", [2, 6], reals(12))
            let b = draft.floats("b", [2], [1, -1])
            draft.add(
                "FULLY_CONNECTED", [x, w, b], [draft.output(.float32, [2, 2])], options: (8, [0: .int8(1)]))
        },
        TFLiteCase("FULLY_CONNECTED keeps dimensions", "matrix product") { draft in
            let x = draft.input(.float32, [1, 2, 3])
            let w = draft.floats("w", [4, 3], reals(12))
            draft.add(
                "FULLY_CONNECTED", [x, w, -1], [draft.output(.float32, [1, 2, 4])], options: (8, [2: .uint8(1)]))
        },
        TFLiteCase("FULLY_CONNECTED int8", "matrix product") { draft in
            let x = draft.input(.int8, [1, 6], scale: [0.1], zeroPoint: [-5])
            let w = draft.int8s("w", [2, 6], (0..<12).map { Int8($0 * 17 % 101 - 50) }, scale: [0.02])
            let b = draft.int32s("b", [2], [10, 20], scale: [0.002])
            draft.add(
                "FULLY_CONNECTED", [x, w, b], [draft.output(.int8, [1, 2], scale: [0.3], zeroPoint: [4])],
                options: (8, [:]))
        },
        TFLiteCase("BATCH_MATMUL, second turned", "matrix product") { draft in
            let a = draft.input(.float32, [2, 2, 3])
            let b = draft.input(.float32, [2, 4, 3])
            draft.add(
                "BATCH_MATMUL", [a, b], [draft.output(.float32, [2, 2, 4])], options: (101, [1: .uint8(1)]))
        },
        TFLiteCase("AVERAGE_POOL_2D SAME leaves padding out", "pool") { draft in
            let x = draft.input(.float32, [1, 3, 3, 2])
            draft.add(
                "AVERAGE_POOL_2D", [x], [draft.output(.float32, [1, 2, 2, 2])],
                options: (5, [0: .int8(0), 1: .int32(2), 2: .int32(2), 3: .int32(2), 4: .int32(2)]))
        },
        TFLiteCase("MAX_POOL_2D VALID, RELU", "pool") { draft in
            let x = draft.input(.float32, [1, 5, 4, 1])
            draft.add(
                "MAX_POOL_2D", [x], [draft.output(.float32, [1, 2, 3, 1])],
                options: (5, [0: .int8(1), 1: .int32(1), 2: .int32(2), 3: .int32(2), 4: .int32(3), 5: .int8(1)]))
        },
        TFLiteCase("UNIDIRECTIONAL_SEQUENCE_LSTM", recurrence(steps: 3)) { draft in
            let x = draft.input(.float32, [1, 3, 2])
            var inputs = [x]
            for gate in 0..<4 { inputs.append(draft.floats("w\(gate)", [2, 2], reals(4, gate))) }
            for gate in 0..<4 { inputs.append(draft.floats("r\(gate)", [2, 2], reals(4, gate + 4))) }
            inputs += [-1, -1, -1]
            for gate in 0..<4 { inputs.append(draft.floats("b\(gate)", [2], reals(2, gate + 8))) }
            inputs += [-1, -1]
            for name in ["h", "c"] {
                inputs.append(draft.tensor(name, .float32, [1, 2]))
                draft.tensors[draft.tensors.count - 1][5] = .uint8(1)
            }
            inputs += [-1, -1, -1, -1]
            draft.add(
                "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [draft.output(.float32, [1, 3, 2])],
                options: (71, [0: .int8(4)]))
        },
    ]

    private static func recurrence(steps: Int) -> String {
        let gate = "matrix product, matrix product, binary function, unary function"
        let step =
            "slice, reshape, \(gate), \(gate), \(gate), binary function, binary function, binary function, "
            + "\(gate), unary function, binary function, reshape"
        return (Array(repeating: step, count: steps) + ["concatenate"]).joined(separator: ", ")
    }
}
