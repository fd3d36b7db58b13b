import Seeded
import Testing

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test(arguments: [("png", ".png"), ("jpeg", ".jpg"), ("bmp", ".bmp")])
    func pictures(_ format: String, _ suffix: String) throws {
        let names = (Golden.accepted + Golden.refused.map(\.name)).filter { $0.hasSuffix(suffix) }
        try Corpus.write(names.map { ($0, try Golden.bytes($0)) }, as: format)
    }
}
