import Testing

@testable import millwright

@Suite struct StationFeedbackTests {
    private static func text(_ file: String) -> String {
        """
        {"nextID":2,"words":[{"at":"2026-11-30T08:00:00Z","by":"li.wei","file":"\(file)","id":1,"isGood":true,"part":"A","recipe":""}]}
        """
    }

    @Test func whatWasSaidIsReadBack() throws {
        let feedback = try StationFeedback(text: Self.text("feedback/press-3/good/1.png"))
        #expect(feedback.words.map(\.file) == ["feedback/press-3/good/1.png"] && feedback.nextID == 2)
        #expect(try StationFeedback(text: feedback.text()) == feedback)
        #expect(try StationFeedback(text: nil).words == [])
    }

    /// What a word names is read, and removed when it is taken back: a store from somebody else must not choose it.
    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "store.sqlite", "feedback/../store.sqlite", ""])
    func wordsThatNameOtherFilesAreNotRead(_ file: String) {
        let error = #expect(throws: UnreadableFeedback.self) { try StationFeedback(text: Self.text(file)) }
        #expect(error?.description.hasPrefix("word 1: ") == true)
    }
}
