import Compiler
import FoundationEssentials
import Testing

private let sharedModels = ProcessInfo.processInfo.environment["MILLWRIGHT_SHARED"].map { $0 + "/data/models/" }

/// The models of the shared folder, where it is there.
@Suite(.enabled(if: sharedModels != nil, "MILLWRIGHT_SHARED names no folder with data/models"))
struct TFLiteSharedTests {
    struct Row: Decodable, Sendable {
        struct Tensor: Decodable, Sendable {
            var shape: [Int]
            var dtype: String
            var scale: Float
            var zero_point: Int32
        }
        var model: String
        var input: Tensor
        var output: Tensor
        var ops: [String: Int]
    }

    @Test func eachHasItsOperators() throws {
        let folder = try #require(sharedModels)
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: folder + "models.json")))
        #expect(rows.count >= 11)
        for row in rows {
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: folder + row.model + ".tflite")))
            let model = try Importers.model(from: bytes, fileName: row.model + ".tflite")
            // Nodes are named after the operator they come from; those with a slash are steps on the way.
            let names = model.nodes.map(\.name).filter { !$0.contains("/") }
            let counts = Dictionary(names.map { ($0[..<($0.lastIndex(of: "_") ?? $0.endIndex)], 1) }) { $0 + $1 }
            #expect(counts == Dictionary(uniqueKeysWithValues: row.ops.map { (Substring($0), $1) }), "\(row.model)")
            expect(row.input, model[model.inputs[0]], row.model)
            expect(row.output, model[model.outputs[0]], row.model)
            try model.check()
        }
    }

    private func expect(_ row: Row.Tensor, _ value: Value, _ model: String) {
        #expect(value.shape == row.shape && value.type.rawValue == row.dtype, "\(model)")
        #expect(value.quantization?.scales ?? [0] == [row.scale], "\(model)")
        #expect(value.quantization?.zeroPoints ?? [0] == [row.zero_point], "\(model)")
    }

    /// Float networks to the last digits. Weights of 8 bits meet activations of 8 bits in LiteRT and real ones here
    /// (`kws01_dscnn_fp32`), and sums of integers are rounded there and sums of reals here.
    @Test(arguments: [
        ("ad01_autoencoder_fp32", Float(1e-3)), ("ic01_resnet8_fp32", 1e-6), ("vww01_mobilenetv1_025_fp32", 1e-6),
        ("kws01_dscnn_fp32", 1e-3), ("kws01_dscnn_int8", 1), ("ic01_resnet8_int8", 4),
        ("vww01_mobilenetv1_025_int8", 1), ("mobilenet_v1_0.25_128_uint8", 4),
    ])
    func computesItsGoldenOutputs(_ name: String, _ tolerance: Float) throws {
        let folder = try #require(sharedModels)
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: folder + name + ".tflite")))
        let model = try TensorFlowLite.model(from: bytes, name: name)
        let (input, output) = (model[model.inputs[0]], model[model.outputs[0]])
        let given = try row(folder + "golden/\(name).input.npy", input.elementCount, input.type)
        let wanted = try row(folder + "golden/\(name).out_tflm.npy", output.elementCount, output.type)
        let found = try Evaluator(model).run([TensorData(shape: input.shape, given)])[0].elements
        let pairs = zip(TFLiteOperatorTests.reals(found), TFLiteOperatorTests.reals(wanted))
        #expect(pairs.allSatisfy { abs($0 - $1) <= tolerance })
        // The largest found is the largest wanted, or as near to it as two results may be wrong.
        let (reals, goldens) = (TFLiteOperatorTests.reals(found), TFLiteOperatorTests.reals(wanted))
        let best = try #require(reals.indices.max { reals[$0] < reals[$1] })
        #expect(try #require(goldens.max()) - goldens[best] <= 2 * tolerance)
    }

    /// The first row of an `.npy` file.
    private func row(_ path: String, _ count: Int, _ type: ElementType) throws -> Elements {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let row = bytes[start..<start + count * type.size]
        switch type {
        case .int8: return .int8(row.map { Int8(bitPattern: $0) })
        case .uint8: return .uint8(Array(row))
        default:
            return .float32(
                (0..<count).map { index in
                    let place = start + 4 * index
                    return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
                })
        }
    }
}
