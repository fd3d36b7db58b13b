import Hostile
import Seeded
import Testing

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test(arguments: HostilePayload.forms.map(\.name)) func messages(_ name: String) throws {
        let messages = HostilePayload.forms.filter { $0.name == name }.flatMap(\.messages)
        try Corpus.write(messages.enumerated().map { ("\($0.offset)", Array($0.element.utf8)) }, as: name)
    }
}
