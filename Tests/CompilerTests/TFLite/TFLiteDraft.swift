import Compiler

/// A `.tflite` file in the making: tensors and operators by number, as the schema has them.
struct TFLiteDraft: Sendable {
    typealias Field = FlatBufferWriter.Field

    /// The schema's `TensorType`.
    enum Format: Int8 {
        case float32 = 0
        case float16 = 1
        case int32 = 2
        case uint8 = 3
        case int64 = 4
        case string = 5
        case bool = 6
        case int16 = 7
        case int8 = 9
        case int4 = 17
    }

    /// Fields of the one tables by slot; tests change them.
    var tensors: [[Int: Field]] = []
    var operators: [[Int: Field]] = []
    /// Buffer 0 stays empty.
    var buffers: [[Int: Field]] = [[:]]
    var codes: [[Int: Field]] = []
    var inputs: [Int32] = []
    var outputs: [Int32] = []
    var version: UInt32 = 3
    var extraSubgraphs: [[Int: Field]] = []

    /// Adds a tensor.
    ///
    /// - Parameter scale: per tensor, or one a slice along `axis`.
    mutating func tensor(
        _ name: String, _ format: Format, _ shape: [Int32], scale: [Float] = [], zeroPoint: [Int64] = [0],
        axis: Int32 = 0, bytes: [UInt8]? = nil
    ) -> Int32 {
        var fields: [Int: Field] = [0: .int32s(shape), 1: .int8(format.rawValue), 3: .string(name)]
        if let bytes {
            buffers.append([0: .vector(bytes: bytes, count: bytes.count)])
            fields[2] = .uint32(UInt32(buffers.count - 1))
        }
        if !scale.isEmpty {
            fields[4] = .table([2: .floats(scale), 3: .vector(zeroPoint), 6: .int32(axis)])
        }
        tensors.append(fields)
        return Int32(tensors.count - 1)
    }

    mutating func input(
        _ format: Format, _ shape: [Int32], scale: [Float] = [], zeroPoint: [Int64] = [0]
    ) -> Int32 {
        let number = tensor("input_\(inputs.count)", format, shape, scale: scale, zeroPoint: zeroPoint)
        inputs.append(number)
        return number
    }

    mutating func output(
        _ format: Format, _ shape: [Int32], scale: [Float] = [], zeroPoint: [Int64] = [0]
    ) -> Int32 {
        let number = tensor("output_\(outputs.count)", format, shape, scale: scale, zeroPoint: zeroPoint)
        outputs.append(number)
        return number
    }

    mutating func floats(_ name: String, _ shape: [Int32], _ numbers: [Float]) -> Int32 {
        tensor(name, .float32, shape, bytes: FlatBufferWriter.bytes(numbers.map(\.bitPattern)))
    }

    mutating func int8s(
        _ name: String, _ shape: [Int32], _ numbers: [Int8], scale: [Float], zeroPoint: [Int64] = [0], axis: Int32 = 0
    ) -> Int32 {
        tensor(
            name, .int8, shape, scale: scale, zeroPoint: zeroPoint, axis: axis,
            bytes: numbers.map { UInt8(bitPattern: $0) })
    }

    mutating func int32s(_ name: String, _ shape: [Int32], _ numbers: [Int32], scale: [Float] = []) -> Int32 {
        tensor(
            name, .int32, shape, scale: scale, zeroPoint: scale.map { _ in 0 },
            bytes: FlatBufferWriter.bytes(numbers))
    }

    /// Adds an operator.
    ///
    /// - Parameter options: the schema's number of the table, and its fields by slot.
    mutating func add(
        _ name: String, _ inputs: [Int32], _ outputs: [Int32], options: (kind: UInt8, fields: [Int: Field])? = nil
    ) {
        let code = Self.codes[name] ?? 32
        // LiteRT, which computed the expected results, has this one from version 2 on.
        codes.append([0: .int8(Int8(min(code, 127))), 2: .int32(name == "BROADCAST_TO" ? 2 : 1), 3: .int32(code)])
        var fields: [Int: Field] = [
            0: .uint32(UInt32(codes.count - 1)), 1: .int32s(inputs), 2: .int32s(outputs),
        ]
        if let options {
            fields[3] = .uint8(options.kind)
            fields[4] = .table(options.fields)
        }
        operators.append(fields)
    }

    var bytes: [UInt8] {
        let subgraph: [Int: Field] = [
            0: .tables(tensors), 1: .int32s(inputs), 2: .int32s(outputs), 3: .tables(operators), 4: .string("main"),
        ]
        return FlatBufferWriter.file([
            0: .uint32(version), 1: .tables(codes), 2: .tables([subgraph] + extraSubgraphs), 4: .tables(buffers),
        ])
    }

    func model() throws(ModelError) -> Model { try TensorFlowLite.model(from: bytes, name: "draft") }

    /// Of the schema's `BuiltinOperator`.
    static let codes: [String: Int32] = [
        "ADD": 0, "AVERAGE_POOL_2D": 1, "CONCATENATION": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4,
        "DEPTH_TO_SPACE": 5, "DEQUANTIZE": 6, "FLOOR": 8, "FULLY_CONNECTED": 9, "L2_NORMALIZATION": 11,
        "LOGISTIC": 14, "LSTM": 16, "MAX_POOL_2D": 17, "MUL": 18, "RELU": 19, "RELU_N1_TO_1": 20, "RELU6": 21,
        "RESHAPE": 22, "RESIZE_BILINEAR": 23, "SOFTMAX": 25, "SPACE_TO_DEPTH": 26, "SVDF": 27, "TANH": 28,
        "CUSTOM": 32, "PAD": 34, "GATHER": 36, "BATCH_TO_SPACE_ND": 37, "SPACE_TO_BATCH_ND": 38, "TRANSPOSE": 39,
        "MEAN": 40, "SUB": 41, "DIV": 42, "SQUEEZE": 43, "UNIDIRECTIONAL_SEQUENCE_LSTM": 44, "STRIDED_SLICE": 45,
        "EXP": 47, "TOPK_V2": 48, "SPLIT": 49, "LOG_SOFTMAX": 50, "CAST": 53, "PRELU": 54, "MAXIMUM": 55,
        "ARG_MAX": 56, "MINIMUM": 57, "LESS": 58, "NEG": 59, "PADV2": 60, "GREATER": 61, "GREATER_EQUAL": 62,
        "LESS_EQUAL": 63, "SELECT": 64, "SLICE": 65, "SIN": 66, "TRANSPOSE_CONV": 67, "TILE": 69, "EXPAND_DIMS": 70,
        "EQUAL": 71, "NOT_EQUAL": 72, "LOG": 73, "SUM": 74, "SQRT": 75, "RSQRT": 76, "SHAPE": 77, "POW": 78,
        "ARG_MIN": 79, "REDUCE_PROD": 81, "REDUCE_MAX": 82, "PACK": 83, "LOGICAL_OR": 84, "LOGICAL_AND": 86,
        "LOGICAL_NOT": 87, "UNPACK": 88, "REDUCE_MIN": 89, "FLOOR_DIV": 90, "SQUARE": 92, "ZEROS_LIKE": 93,
        "FILL": 94, "FLOOR_MOD": 95, "RANGE": 96, "RESIZE_NEAREST_NEIGHBOR": 97, "LEAKY_RELU": 98,
        "SQUARED_DIFFERENCE": 99, "MIRROR_PAD": 100, "ABS": 101, "SPLIT_V": 102, "CEIL": 104, "REVERSE_V2": 105,
        "ADD_N": 106, "COS": 108, "RANK": 110, "ELU": 111, "QUANTIZE": 114, "ROUND": 116, "HARD_SWISH": 117,
        "IF": 118, "WHILE": 119, "SELECT_V2": 123, "BATCH_MATMUL": 126, "CUMSUM": 128, "BROADCAST_TO": 130,
        "VAR_HANDLE": 142, "GELU": 150, "RELU_0_TO_1": 152, "SIGN": 158,
    ]
}
