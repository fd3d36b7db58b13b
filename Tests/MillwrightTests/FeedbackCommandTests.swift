import Drivers
import Glibc
import Plant
import Rig
import Store
import TestBench
import Testing

@testable import millwright

/// What people say of parts through the command, and what a station makes of it.
@Suite struct FeedbackCommandTests {
    static func run(
        _ arguments: [String], _ bench: StationBench, station: String = "press-3"
    ) async throws -> BackupCommandTests.Outcome {
        try await BackupCommandTests.run(
            ["inspect", "feedback"] + arguments
                + ["--station", station, "--store", bench.configuration.store.directory],
            in: bench.folder)
    }

    func word(_ id: Int, _ bench: StationBench) throws -> StatusReport.Station.Word {
        try #require(try bench.status.feedback.first { $0.id == id })
    }

    @Test func aWordMovesTheStationAtOnceAndIsTakenBackWithoutATrace() async throws {
        let bench = try await StationBench("evidence: { good: 1 }")
        let following = Task { try await bench.stations.followFeedback() }
        defer { following.cancel() }
        #expect(try await bench.show(StationBench.good, part: "4711") == .good)
        #expect(try await bench.show(StationBench.blot, part: "4712") == .defect)
        _ = try await bench.evidence()
        let threshold = try #require(try bench.status.last?.threshold)

        let said = try await Self.run(["good", "--part", "4712", "--by", "li.wei"], bench)
        #expect(said.exit == .code(0) && said.text.contains("was good"), "\(said.text)")
        try await bench.stations.takeAcknowledgements()
        #expect(await eventually { (try? bench.status.feedback.isEmpty) == false })
        // A blot is more than a quarter above the threshold: said so, and never forgiven in silence.
        #expect(try word(1, bench).effect.contains("at its limit") && word(1, bench).by == "li.wei")
        try await bench.show(StationBench.blot)
        #expect(try #require(bench.status.last?.threshold) > threshold)

        let listed = try await Self.run(["--list"], bench)
        #expect(listed.text.contains("4712") && listed.text.contains("feedback/press-3/good/"), "\(listed.text)")
        let pinned = "\(bench.configuration.store.directory)/feedback/press-3/good"
        let names = try DirectoryListing.names(in: pinned)
        #expect(names.count == 1)
        #expect(try Files.bytes("\(pinned)/\(names[0])") == StationBench.blot)
        #expect(try await Self.run(["good", "--part", "4712"], bench).exit == .code(1), "said already")

        #expect(try await Self.run(["--undo", "1"], bench).exit == .code(0))
        try await bench.stations.takeAcknowledgements()
        #expect(await eventually { (try? bench.status.feedback.isEmpty) == true })
        try await bench.show(StationBench.good)
        #expect(try bench.status.last?.threshold == threshold, "exactly as before")
        #expect(try DirectoryListing.names(in: pinned).isEmpty)
        #expect(try await Self.run(["--undo", "1"], bench).exit == .code(1))
        await bench.store.close()
        let reader = try StoreReader(
            directory: bench.configuration.store.directory, clock: bench.clock, logger: StationBench.logger)
        #expect(try await reader.auditEntries(limit: 9).map(\.outcome) == ["undone", "said"])
    }

    @Test func aWordThatWasSaidWhileNoDaemonRanHoldsFromTheStart() async throws {
        let folder = try StationBench.folder()
        do {
            let bench = try await StationBench("evidence: { good: 1 }", in: folder)
            try await bench.show(StationBench.good, part: "4711")
            let names = try await bench.evidence()
            await bench.store.close()
            let name = try #require(names.first { $0.hasSuffix(".json") })
            let said = try await Self.run(["bad", "--evidence", "evidence/press-3/\(name)"], bench)
            #expect(said.exit == .code(0), "\(said.text)")
        }
        let bench = try await StationBench("evidence: { good: 1 }", in: folder)
        let effect = try word(1, bench).effect
        #expect(effect.hasPrefix("threshold") || effect.contains("limit"), "\(effect)")
        let last = try #require(try bench.status.feedback.first)
        #expect(last.part == "4711" && last.says == "bad")
    }

    @Test func aListThatCannotBeReadIsSaidAndPutAsideAndPartsAreJudgedMeanwhile() async throws {
        let folder = try StationBench.folder()
        let later = "{\"words\":\"of a later version\"}"
        do {
            let bench = try await StationBench(in: folder)
            let following = Task { try await bench.stations.followFeedback() }
            defer { following.cancel() }
            try await Self.write(later, bench)
            try await bench.stations.takeAcknowledgements()
            #expect(await eventually { (try? bench.status.feedbackTrouble) != nil })
            #expect(try await bench.show(StationBench.blot, part: "1") == .defect)
            await bench.store.close()
        }
        // Nor does it keep a station from starting.
        let bench = try await StationBench(in: folder)
        let following = Task { try await bench.stations.followFeedback() }
        defer { following.cancel() }
        #expect(
            try bench.status.feedbackTrouble
                == "expected a list of words, found \(later.utf8.count) bytes of something else")
        #expect(try await bench.show(StationBench.good, part: "2") == .good)
        let listed = try await Self.run(["--list"], bench)
        #expect(listed.exit == .code(1) && listed.text.contains("--start-anew"), "\(listed.text)")

        let begun = try await Self.run(["--start-anew"], bench)
        #expect(begun.exit == .code(0) && begun.text.contains("put aside"), "\(begun.text)")
        try await bench.stations.takeAcknowledgements()
        #expect(await eventually { (try? bench.status.feedbackTrouble) == .some(nil) })
        #expect(try await bench.store.value(StationFeedback.keyAside("press-3", 1)) == later)
        #expect(try await Self.run(["--start-anew"], bench).exit == .code(1), "a list that holds is not put aside")

        // What was put aside once stays there.
        try await Self.write("another", bench)
        let again = try await Self.run(["--start-anew", "--json"], bench)
        #expect(
            again.exit == .code(0) && again.text.contains("\"put_aside\"") && again.text.contains("aside.2"),
            "\(again.text)")
        #expect(try await bench.store.value(StationFeedback.keyAside("press-3", 1)) == later)
        #expect(try await bench.store.value(StationFeedback.keyAside("press-3", 2)) == "another")
    }

    private static func write(_ text: String, _ bench: StationBench) async throws {
        let reader = try StoreReader(
            directory: bench.configuration.store.directory, clock: bench.clock, logger: StationBench.logger)
        let act = AuditedAct(
            by: "a test", action: "feedback", subject: "press-3", new: 0, reason: "",
            result: WriteResult(outcome: "said"))
        let key = StationFeedback.key("press-3")
        #expect(try await reader.replace(key, try await reader.value(key), by: text, act: act))
    }

    @Test func whatCannotBeFoundIsSaidAndNothingIsKept() async throws {
        let bench = try await StationBench()
        try await bench.show(StationBench.blot, part: "4712")
        _ = try await bench.evidence()
        let missing = try await Self.run(["good", "--part", "999"], bench)
        #expect(
            missing.exit == .code(1) && missing.text.contains("expected evidence of 999")
                && missing.text.contains("a share is kept"), "\(missing.text)")
        #expect(try await Self.run(["good"], bench).exit == .code(64))
        // A shell completes the name of a folder so.
        let folder = try await Self.run(["good", "--part", "4712"], bench, station: "press-3/")
        #expect(folder.exit == .code(64) && folder.text.contains("press-3/"), "\(folder.text)")
        #expect(try await Self.run(["good", "--list"], bench).exit == .code(64))
        #expect(!DirectoryListing.isDirectory("\(bench.configuration.store.directory)/feedback"))
        #expect(try await Self.run(["--list"], bench).text.contains("nothing was said"))
    }
}
