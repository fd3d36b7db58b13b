import Seeded
import Testing

@testable import Compiler

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    private static func write(_ files: [[UInt8]], as importer: any Importer.Type) throws {
        for bytes in files {
            #expect(throws: Never.self) { try importer.model(from: bytes, name: "corpus") }
        }
        try Corpus.write(files.enumerated().map { ("\($0)", $1) }, as: importer.suffix)
    }

    @Test func tensorFlowLite() throws {
        try Self.write(
            TFLiteMutationTests.models.map(\.1) + TFLiteCases.all.map(\.draft.bytes), as: TensorFlowLite.self)
    }

    @Test func onnx() throws {
        let vectors = try ONNXVector.groups.flatMap { try ONNXVector.group($0) }
        let networks = [ONNXNetworks.quantized, ONNXNetworks.shapeArithmetic, ONNXNetworks.recurrence]
        try Self.write(networks.map(\.bytes) + vectors.map { try $0.draft.bytes }, as: ONNXFormat.self)
    }
}
