import Sparkplug
import Testing

@Suite struct SequenceTrackerTests {
    /// Feeds numbers in; what comes out, in words.
    private func run(after birth: UInt8, _ numbers: [UInt8]) -> [String] {
        var tracker = SequenceTracker<UInt8>(after: birth)
        return numbers.map { number in
            switch tracker.take(number: number, { number }) {
            case .ready(let more): ([number] + more).map { String($0) }.joined(separator: ",")
            case .held: "held"
            case .late: "late"
            case .gap(let messages): "gap " + messages.map { String($0) }.joined(separator: ",")
            }
        }
    }

    @Test func goesRoundAfter255() {
        #expect(run(after: 253, [254, 255, 0, 1]) == ["254", "255", "0", "1"])
    }

    @Test func putsInOrderWhatOvertook() {
        #expect(run(after: 0, [2, 3, 1, 4]) == ["held", "held", "1,2,3", "4"])
        #expect(run(after: 254, [0, 1, 255]) == ["held", "held", "255,0,1"])
    }

    @Test func anOldNumberIsLate() {
        #expect(run(after: 10, [11, 11, 10, 200]) == ["11", "late", "late", "late"])
        #expect(run(after: 10, [13, 13]) == ["held", "late"])
    }

    @Test func tooManyAheadAreAGap() {
        let ahead = (2...65).map { UInt8($0) }
        let outcomes = run(after: 0, ahead + [66, 1])
        #expect(outcomes[..<63].allSatisfy { $0 == "held" })
        #expect(outcomes[63] == "gap " + ahead.map { String($0) }.joined(separator: ","))
        #expect(outcomes[64...] == ["66", "late"])
    }

    @Test func givesUpInOrderAcrossTheWrap() {
        var tracker = SequenceTracker<UInt8>(after: 253)
        for number in [1, 255, 0] as [UInt8] { _ = tracker.take(number: number) { number } }
        #expect(tracker.isWaiting)
        #expect(tracker.giveUp() == [255, 0, 1])
        #expect(!tracker.isWaiting)
        guard case .ready = tracker.take(number: 2, { 2 }) else {
            Issue.record("it goes on after what it had")
            return
        }
    }
}
