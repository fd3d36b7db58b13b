import FoundationEssentials
import Testing

@testable import Compiler

private let sharedModels = ProcessInfo.processInfo.environment["MILLWRIGHT_SHARED"].map { $0 + "/data/models/" }

/// The models of the shared folder, where it is there.
@Suite(.enabled(if: sharedModels != nil, "MILLWRIGHT_SHARED names no folder with data/models"))
struct ONNXSharedTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let file: String
        /// As the file has them: convolutions, products, quantizations, dequantizations.
        let counts: [Int]
        var testDescription: String { file }
    }

    static let rows = [
        Row(file: "ad01_autoencoder_fp32", counts: [0, 10, 0, 0]),
        Row(file: "ad01_autoencoder_int8_qdq", counts: [0, 10, 10, 30]),
        Row(file: "ic01_resnet8_fp32", counts: [9, 1, 0, 0]),
        Row(file: "ic01_resnet8_int8_qdq", counts: [9, 1, 15, 35]),
        Row(file: "kws01_dscnn_fp32", counts: [9, 1, 0, 5]),
        Row(file: "kws01_dscnn_int8_qdq", counts: [9, 1, 12, 32]),
        Row(file: "mobilenet_v2_1.0_224_ptq_qdq", counts: [53, 0, 67, 173]),
        Row(file: "mobilenet_v2_1.0_224_uint8_qdq", counts: [53, 0, 65, 171]),
        Row(file: "vww01_mobilenetv1_025_fp32", counts: [27, 1, 0, 0]),
        Row(file: "vww01_mobilenetv1_025_int8_qdq", counts: [27, 1, 30, 86]),
    ]

    private static func model(_ file: String) throws -> Model {
        let folder = try #require(sharedModels)
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: folder + "onnx/\(file).onnx")))
        return try Importers.model(from: bytes, fileName: file + ".onnx")
    }

    @Test(arguments: rows)
    func eachHasItsOperators(_ row: Row) throws {
        let model = try Self.model(row.file)
        try model.check()
        let names = model.nodes.map { type(of: $0.operation).name }
        let kinds = [Convolution.name, MatrixProduct.name, Quantize.name, Dequantize.name]
        #expect(kinds.map { kind in names.filter { $0 == kind }.count } == row.counts)
        #expect(model.inputs.count == 1 && model.outputs.count == 1)
        #expect(model[model.inputs[0]].shape[0] == 1)
    }

    /// Weights of 8 bits meet activations of 8 bits in LiteRT, and real ones here and in ONNX Runtime, which lies as far off
    /// (`kws01_dscnn_fp32`).
    @Test(arguments: [
        ("ad01_autoencoder_fp32", 50, Float(1e-4)), ("ic01_resnet8_fp32", 5, 1e-4), ("kws01_dscnn_fp32", 10, 0.02),
        ("vww01_mobilenetv1_025_fp32", 4, 1e-4),
    ])
    func floatOnesComputeTheirGoldenOutputs(_ file: String, _ rows: Int, _ tolerance: Float) throws {
        let model = try Self.model(file)
        let evaluator = try Evaluator(model)
        let (input, output) = (model[model.inputs[0]], model[model.outputs[0]])
        let folder = try #require(sharedModels)
        let given = try Self.reals(folder + "golden/\(file).input.npy", rows * input.elementCount)
        let wanted = try Self.reals(folder + "golden/\(file).out_ref.npy", rows * output.elementCount)
        for row in 0..<rows {
            let x = Array(given[row * input.elementCount..<(row + 1) * input.elementCount])
            let found = try evaluator.run([TensorData(shape: input.shape, .float32(x))])[0].elements.reals
            let expected = wanted[row * output.elementCount..<(row + 1) * output.elementCount]
            let largest = zip(found, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
            #expect(largest <= tolerance, "row \(row)")
        }
    }

    /// The first elements of an `.npy` file of floats.
    private static func reals(_ path: String, _ count: Int) throws -> [Float] {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        try #require(bytes.count >= start + 4 * count)
        return (0..<count).map { index in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + 4 * index + $1]) << UInt32(8 * $1) })
        }
    }
}
