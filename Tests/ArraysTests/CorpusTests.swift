import Arrays
import Seeded
import Testing

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test func arrays() throws {
        try Corpus.write(
            NPYArray.Kind.allCases.map { kind in
                let values = (0..<6 * kind.size).map { UInt8($0) }
                return ("\(kind)", NPYArrayTests.file("(2, 3)", values, descr: kind.rawValue))
            }, as: "npy")
    }
}
