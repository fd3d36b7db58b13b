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
    static func run(_ arguments: [String], _ bench: StationBench) async throws -> BackupCommandTests.Outcome {
        try await BackupCommandTests.run(
            ["inspect", "feedback"] + arguments
                + ["--station", "press-3", "--store", bench.configuration.store.directory],
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

    @Test func whatCannotBeFoundIsSaidAndNothingIsKept() async throws {
        let bench = try await StationBench()
        try await bench.show(StationBench.blot, part: "4712")
        _ = try await bench.evidence()
        let missing = try await Self.run(["good", "--part", "999"], bench)
        #expect(missing.exit == .code(1) && missing.text.contains("expected evidence of 999"), "\(missing.text)")
        #expect(try await Self.run(["good"], bench).exit == .code(64))
        #expect(try await Self.run(["good", "--list"], bench).exit == .code(64))
        #expect(!DirectoryListing.isDirectory("\(bench.configuration.store.directory)/feedback"))
        #expect(try await Self.run(["--list"], bench).text.contains("nothing was said"))
    }
}
