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
}
