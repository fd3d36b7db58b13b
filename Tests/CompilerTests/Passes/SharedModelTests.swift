import Foundation
import Testing

@testable import Compiler

/// Real networks in both formats, quantized: MLPerf Tiny's four and MobileNets.
enum SharedModels {
    static let folder = ProcessInfo.processInfo.environment["MILLWRIGHT_SHARED"].map {
        URL(filePath: $0).appending(path: "data/models")
    }

    static let files: [String] = {
        let names = [
            "onnx/ad01_autoencoder_int8_qdq.onnx", "onnx/ic01_resnet8_int8_qdq.onnx", "onnx/kws01_dscnn_int8_qdq.onnx",
            "onnx/vww01_mobilenetv1_025_int8_qdq.onnx", "onnx/mobilenet_v2_1.0_224_ptq_qdq.onnx",
            "onnx/mobilenet_v2_1.0_224_uint8_qdq.onnx", "ad01_autoencoder_int8.tflite", "ic01_resnet8_int8.tflite",
            "kws01_dscnn_int8.tflite", "vww01_mobilenetv1_025_int8.tflite", "mobilenet_v1_0.25_128_uint8.tflite",
            "mobilenet_v2_1.0_224_ptq_uint8io.tflite", "mobilenet_v2_1.0_224_uint8.tflite",
        ]
        return names.filter { name in Importers.all.contains { name.hasSuffix("." + $0.suffix) } }
    }()
}

@Suite(
    "Quantized networks come out on integers",
    .enabled(if: SharedModels.folder != nil, "MILLWRIGHT_SHARED names no folder with data/models"))
struct SharedModelTests {
    private func read(_ file: String) throws -> Model {
        let folder = try #require(SharedModels.folder)
        return try Importers.model(from: [UInt8](try Data(contentsOf: folder.appending(path: file))), fileName: file)
    }

    @Test("No node computes on real numbers, and nothing is transposed", arguments: SharedModels.files)
    func integersOnly(file: String) throws {
        var model = try read(file)
        try model.check()
        try Passes.run(&model)
        try model.check()
        #expect(model.floatNodes.map(\.place) == [], "\(model.listing)")
        let left = Set(model.nodes.map { type(of: $0.operation).name })
        #expect(
            left.isDisjoint(with: ["transpose", "quantize", "dequantize", "pad", "cast"]), "\(left) \(model.listing)")
        // What the lowering counts on.
        for node in model.nodes {
            for case .some(let operand) in node.inputs
            where node.operation is Convolution || node.operation is MatrixProduct {
                #expect(
                    model[operand].quantization != nil && [.int8, .int32].contains(model[operand].type), "\(node.place)"
                )
            }
            for output in node.outputs {
                #expect(model[output].quantization != nil && model[output].type == .int8, "\(node.place)")
            }
        }
    }

    /// The sums are the same numbers in another order, so a result may be rounded to the next step.
    @Test(
        "Results stay within a step",
        arguments: SharedModels.files.filter { $0.contains("ad01") || $0.contains("kws01") })
    func sameResults(file: String) throws {
        let before = try read(file)
        var after = before
        try Passes.run(&after)
        var numbers = SeededNumbers(11)
        let inputs = randomInputs(before, &numbers)
        let (expected, found) = (try Evaluator(before).run(inputs), try Evaluator(after).run(inputs))
        for (a, b) in zip(expected, found) {
            #expect(a.type == b.type && a.shape == b.shape)
            #expect(zip(a.elements.integers, b.elements.integers).allSatisfy { abs($0 - $1) <= 1 })
        }
    }
}
