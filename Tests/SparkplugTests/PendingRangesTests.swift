import Seeded
import Sparkplug
import Testing

@Suite struct PendingRangesTests {
    @Test func whatWasStoredMeanwhileIsLate() {
        var pending = PendingRanges(live: 100)
        pending.begin(at: 100)
        #expect(pending.isEmpty)
        pending.sentLive(through: 120)
        pending.begin(at: 150)
        #expect(pending.late == [121...150])
        #expect(pending.live == 150)
        pending.sentLive(through: 160)
        pending.sentLate(through: 130)
        #expect(pending.late == [131...150])
        pending.begin(at: 170)
        #expect(pending.late == [131...150, 161...170])
        #expect(pending.count == 30)
        pending.sentLate(through: 150)
        #expect(pending.late == [161...170])
        pending.sentLate(through: 500)
        #expect(pending.isEmpty)
        #expect(pending.live == 170)
    }

    @Test func aSecondAbsenceInARowIsOneStretch() {
        var pending = PendingRanges(live: 0)
        pending.begin(at: 10)
        pending.begin(at: 20)
        #expect(pending.late == [1...20])
    }

    @Test(arguments: ["0;", "170;1-5", "170;1-5,9-170"])
    func isWrittenAndReadBack(_ text: String) throws {
        #expect(try #require(PendingRanges(text: text)).text == text)
    }

    @Test(arguments: ["", "x;", "5", "5;6-7", "9;5-4", "9;1-4,3-6", "9;1-4;", "9;1", "9;0-4-5"])
    func refusesAnotherText(_ text: String) { #expect(PendingRanges(text: text) == nil) }

    /// Whatever comes and goes: each number is sent live, or late, or still waits, and none is forgotten.
    @Test func nothingIsLeftOut() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var pending = PendingRanges(live: 0)
            var newest: Int64 = 0
            var sent: Set<Int64> = []
            for _ in 0..<300 {
                newest += Int64(random.below(5))
                switch random.below(4) {
                case 0: pending.begin(at: newest)
                case 1:
                    guard let oldest = pending.late.first else { continue }
                    let end = min(oldest.lowerBound + Int64(random.below(4)), oldest.upperBound)
                    sent.formUnion(oldest.lowerBound...end)
                    pending.sentLate(through: end)
                default:
                    let end = min(newest, pending.live + Int64(random.below(4)))
                    if end > pending.live { sent.formUnion(pending.live + 1...end) }
                    pending.sentLive(through: end)
                }
                #expect(pending.late.count <= PendingRanges.maxRanges)
                #expect(PendingRanges(text: pending.text) == pending, "seed \(seed)")
            }
            let waiting = Set(pending.late.flatMap { Array($0) })
            #expect((1...max(1, pending.live)).allSatisfy { newest == 0 || sent.contains($0) || waiting.contains($0) })
        }
    }
}
