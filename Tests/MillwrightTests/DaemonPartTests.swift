import Logging
import Plant
import Synchronization
import TestBench
import Testing

@testable import millwright

@Suite struct CommitSignalTests {
    @Test func whatIsRaisedWhileNobodyWaitsIsNotForgottenAndCountsOnce() async {
        let signal = CommitSignal()
        signal.raise()
        signal.raise()
        await signal.wait()
        let later = Task { await signal.wait() }
        let returned = Mutex(false)
        let watch = Task {
            await later.value
            returned.withLock { $0 = true }
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(!returned.withLock { $0 }, "two raises before a wait are one")
        signal.raise()
        await watch.value
    }

    @Test func aRaiseWakesWhoWaits() async {
        let signal = CommitSignal()
        for _ in 0..<1_000 {
            let waiter = Task { await signal.wait() }
            if Bool.random() { await Task.yield() }
            signal.raise()
            await waiter.value
        }
    }

    @Test func aCancelledWaitReturns() async {
        for _ in 0..<1_000 {
            let signal = CommitSignal()
            let waiter = Task { await signal.wait() }
            if Bool.random() { await Task.yield() }
            waiter.cancel()
            await waiter.value
        }
    }
}

@Suite struct RestartableTests {
    /// What a part has been through, in order.
    final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct Broken: Error {}
    static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    func part(_ diary: Diary) -> Restartable<Int> {
        Restartable("part", logger: Self.logger) { setting in
            diary.note("start \(setting)")
            defer { diary.note("end \(setting)") }
            try await Task.sleep(for: .seconds(3_600))
        }
    }

    @Test func aChangedSettingEndsTheOldPartBeforeTheNewOneStarts() async {
        let diary = Diary()
        let part = part(diary)
        part.want(1)
        let running = Task { await part.run() }
        #expect(await eventually { diary.all == ["start 1"] })
        part.want(1)
        part.want(2)
        #expect(await eventually { diary.all == ["start 1", "end 1", "start 2"] })
        part.want(nil)
        #expect(await eventually { diary.all == ["start 1", "end 1", "start 2", "end 2"] })
        part.want(3)
        #expect(await eventually { diary.all.last == "start 3" })
        running.cancel()
        await running.value
        #expect(diary.all.last == "end 3", "when run has returned, the part has ended")
    }

    @Test func theSameSettingAgainDisturbsNothing() async {
        let diary = Diary()
        let part = part(diary)
        part.want(1)
        let running = Task { await part.run() }
        #expect(await eventually { diary.all == ["start 1"] })
        part.want(1)
        running.cancel()
        await running.value
        #expect(diary.all == ["start 1", "end 1"])
    }

    @Test func onlyTheNewestOfManySettingsCounts() async {
        let diary = Diary()
        let part = part(diary)
        for setting in 1...50 { part.want(setting) }
        let running = Task { await part.run() }
        #expect(await eventually { diary.all == ["start 50"] })
        running.cancel()
        await running.value
    }

    @Test func aPartThatFailedCanStillBeSwitchedAndEnded() async {
        let diary = Diary()
        let part = Restartable<Int>("part", logger: Self.logger) { setting in
            diary.note("start \(setting)")
            throw Broken()
        }
        part.want(1)
        let running = Task { await part.run() }
        #expect(await eventually { diary.all == ["start 1"] })
        part.want(2)
        #expect(await eventually { diary.all == ["start 1", "start 2"] })
        running.cancel()
        await running.value
    }
}

@Suite struct StatusFileTests {
    static let report = StatusReport(
        version: "1", pid: 7, plant: "水泵房", device: "box-1", startedAt: "2026-11-23T20:15:03.123Z",
        writtenAt: "2026-11-23T20:15:04.123Z", clockWarning: nil,
        configuration: .init(path: "/etc/a.yaml", loadedAt: "2026-11-23T20:15:03.123Z", reloadError: "line\nbreak"),
        links: [
            .init(
                name: "sensors", driver: "mqtt", state: "waiting", since: "2026-11-23T20:15:03.123Z",
                lastError: "connection refused", counters: ["received": 12])
        ],
        assets: [
            .init(
                id: "pump-7", model: "m", modelVersion: 3, modelDigest: "ab", state: "normal", reason: nil, score: 0.25,
                threshold: 1.5, windows: 10, notJudged: 2)
        ],
        accelerators: [
            .init(
                model: "m", interface: "rknn", chip: "rk3588", library: "librknnrt.so", version: "2.3.2",
                state: "in use",
                reason: nil, inferences: 7, byCPU: 1, lastMicroseconds: 12.5)
        ],
        alerts: .init(active: 1, unacknowledged: 2, deliveries: ["mqtt.waiting": 1]), store: ["samples": 5],
        storeTrouble: nil,
        loss: .init(
            contractSeconds: 1, oldestSeconds: 0.12, waitingSamples: 40, worstSeconds: 1.5, lateCommits: 2, commits: 70,
            commitMedianMilliseconds: 1.25, commitP99Milliseconds: 9.75),
        registry: .init(
            url: "https://r", state: "connected", lastError: nil, pending: 0, acknowledgedSequence: 9, update: "off",
            counters: [:]))

    @Test func aReportComesBackAsItWas() throws {
        let folder = try TempDirectory()
        let file = StatusFile(path: folder.file("status.json"))
        try file.write(Self.report)
        let first = try file.read()
        try file.write(first.report)
        let second = try file.read()
        #expect(first.bytes == second.bytes)
        #expect(second.report.plant == "水泵房" && second.report.configuration.reloadError == "line\nbreak")
        #expect(second.report.links.first?.counters == ["received": 12])
        #expect(second.report.assets.first?.score == 0.25 && second.report.assets.first?.reason == nil)
        #expect(second.report.registry?.acknowledgedSequence == 9)
        #expect(second.report.accelerators.first?.lastMicroseconds == 12.5)
        let written = try #require(ISO8601.parse(second.report.writtenAt.utf8))
        let text = StatusCommand.text(second.report, isRunning: true, now: written + .seconds(2))
        #expect(!text.contains("this is how it was"))
        let old = StatusCommand.text(second.report, isRunning: true, now: written + .seconds(30))
        #expect(old.contains("! this is how it was at 2026-11-23T20:15:04.123Z"))
        #expect(text.contains("7 inferences, the last in 13 us, 1 by the CPU; librknnrt.so 2.3.2"))
        #expect(text.contains("now 0.12 s, worst 1.50 s, MORE in 2 commits; 70 commits"))
    }

    @Test func aReaderNeverSeesHalfOfIt() async throws {
        let folder = try TempDirectory()
        let file = StatusFile(path: folder.file("status.json"))
        try file.write(Self.report)
        let writer = Task {
            var report = Self.report
            while !Task.isCancelled {
                report.plant = String(repeating: "x", count: Int.random(in: 0...20_000))
                try file.write(report)
            }
        }
        for _ in 0..<200 { #expect(throws: Never.self) { try file.read() } }
        writer.cancel()
        try await writer.value
    }

    @Test func aMissingOrTornFileIsAnError() throws {
        let folder = try TempDirectory()
        let file = StatusFile(path: folder.file("status.json"))
        #expect(throws: ConfigurationError.self) { try file.read() }
        try file.write(Self.report)
        let text = try Files.text(file.path)
        try Files.write(String(text.dropLast(40)), to: file.path)
        #expect(throws: (any Error).self) { try file.read() }
    }

    @Test func itLiesInTheRuntimeDirectoryWhereThereIsOne() {
        #expect(
            StatusFile.standard(store: "/s", environment: ["RUNTIME_DIRECTORY": "/run/m"]).path == "/run/m/status.json")
        #expect(StatusFile.standard(store: "/s", environment: ["RUNTIME_DIRECTORY": ""]).path == "/s/status.json")
        #expect(StatusFile.standard(store: "/s", environment: [:]).path == "/s/status.json")
    }
}
