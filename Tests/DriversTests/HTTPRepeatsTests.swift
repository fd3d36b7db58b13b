import Plant
import TestBench
import Testing

@testable import Drivers

@Suite struct HTTPRepeatsTests {
    @Test func olderAnswersAreForgottenButNotThatThereWasOne() async throws {
        let repeats = HTTPRepeats(link: "door", sink: MemorySink())
        let receipts = (0...HTTPRepeats.answersKept).map { MessageReceipt(ofPicture: "\($0)") }
        #expect(Set(receipts).count == receipts.count)
        for receipt in receipts {
            #expect(try await repeats.begin(receipt, body: 1) == .new)
            await repeats.end(receipt, .verdict(Array("{}".utf8)))
        }
        guard case .answered(let oldest) = try await repeats.begin(receipts[0], body: 1) else {
            Issue.record("expected the oldest not to be judged again")
            return
        }
        #expect(oldest.status == 409 && oldest.code == "known")
        #expect(try await repeats.begin(receipts[1], body: 1) == .answered(.verdict(Array("{}".utf8))))
    }

    @Test func aStoreThatCannotBeAskedLeavesTheRequestAsIfItHadNotCome() async throws {
        let sink = MemorySink()
        let repeats = HTTPRepeats(link: "door", sink: Deaf())
        let receipt = MessageReceipt(ofPicture: "k")
        for _ in 0..<2 {
            await #expect(throws: Deaf.Fault.self) { try await repeats.begin(receipt, body: 1) }
        }
        #expect(try await HTTPRepeats(link: "door", sink: sink).begin(receipt, body: 1) == .new)
    }

    private struct Deaf: SampleSink {
        struct Fault: Error {}
        func store(_ batch: SampleBatch) async throws { throw Fault() }
        func storedReceipts(link: String) async throws -> [MessageReceipt] { throw Fault() }
        func recordLoss(link: String, since: WallTime?) async throws { throw Fault() }
    }
}
