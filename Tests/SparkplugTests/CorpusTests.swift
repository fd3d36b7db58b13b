import Seeded
import Testing

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test func payloads() throws {
        try Corpus.write(Vectors.names().map { ($0, try Vectors.payload($0)) }, as: "sparkplug")
    }
}
