import Glibc
import Plant
import Rig
import Store
import TestBench
import Testing

@testable import millwright

/// `millwright export`: what comes out, read by another program, is what was stored.
@Suite(.serialized) struct ExportTests {
    /// Texts that have broken exporters.
    static let hostileTexts = [
        "", "plain", "a,b", "say \"no\"", "two\r\nlines", "one\nline", "=1+1", "+1", "-1", "@SUM(A1)", "\tcell",
        "'quoted",
        "''", "铸造厂", "\u{0}zero", "\u{1B}[31m", "\u{2028}", "null", "NaN",
    ]
    static let numbers = [
        0.1, -0.0, 1e300, .leastNonzeroMagnitude, 123_456_789.123_456_79, -1, 1 / 3.0, 0x1p53, .infinity,
    ]

    private static let start = WallTime(nanoseconds: 1_795_000_000_123_456_789)

    /// One tag of each kind, one whose unit has changed, and a gap.
    private func makeStore(_ folder: TempDirectory) async throws -> String {
        let directory = folder.file("store")
        let clock = ManualClock(wall: Self.start)
        let store = try Store(
            directory: directory, limits: Limits(reserveBytes: 0), clock: clock, logger: CommandLog.logger)
        func sample(_ tag: TagID, _ value: Sample.Value, _ quality: Quality = .good) -> Sample {
            clock.advance(by: .milliseconds(250))
            return Sample(
                tag: tag, value: value, quality: quality, arrival: clock.wall(), monotonic: clock.monotonic())
        }
        let old = try await store.tagID(for: TagDefinition(name: "pump.heat", unit: "degF", kind: .number))
        try await store.store(SampleBatch(link: "plc", samples: [sample(old, .number(212))]))
        let heat = try await store.tagID(for: TagDefinition(name: "pump.heat", unit: "degC", kind: .number))
        let text = try await store.tagID(for: TagDefinition(name: "pump.recipe", unit: "", kind: .text))
        let window = try await store.tagID(
            for: TagDefinition(name: "pump.window", unit: "g", kind: .waveform(samples: 3, rateHertz: 100)))
        try await store.store(
            SampleBatch(
                link: "plc",
                samples: Self.numbers.map { sample(heat, .number($0)) }
                    + [sample(heat, .none, .bad(.timedOut)), sample(heat, .number(7), .uncertain(.stuck))]
                    + Self.hostileTexts.map { sample(text, .text($0)) }
                    + [sample(window, .waveform([0.1, -2, 3.5]))]))
        try await store.apply([
            .gap(Gap(subject: "link:plc", from: clock.wall(), to: clock.wall(), count: 12, reason: .diskFull)),
            .gap(Gap(subject: "outbox", from: clock.wall(), to: clock.wall(), count: 1, reason: .outboxFull)),
        ])
        await store.close()
        return directory
    }

    private func run(_ arguments: [String], _ folder: TempDirectory) async throws -> BackupCommandTests.Outcome {
        try await BackupCommandTests.run(["export"] + arguments, in: folder)
    }

    /// The rows of a file as Python reads it: cells as their UTF-8 in hex, `-` for null.
    private func rows(_ program: String, _ path: String, _ folder: TempDirectory) async throws -> [[String]] {
        let script = """
            import csv, json, sys
            def cell(value): return '-' if value is None else str(value).encode().hex() or '.'
            \(program)
            """
        unlink(folder.file("rows"))
        let child = try ChildProcess(
            "/usr/bin/python3", ["-c", script, path], outputFile: folder.file("rows"))
        #expect(await child.waitForExit() == .code(0), "\(child.outputTail())")
        return try Files.text(folder.file("rows")).split(separator: "\n").map { line in
            line.split(separator: " ").map { word in
                guard word != "-", word != "." else { return word == "-" ? "-" : "" }
                let digits = Array(word.utf8)
                let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { place in
                    UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
                }
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    private func readCSV(_ path: String, _ folder: TempDirectory) async throws -> [[String]] {
        try await rows(
            "for row in csv.reader(open(sys.argv[1], newline='', encoding='utf-8'), strict=True):\n"
                + "    print(*map(cell, row))", path, folder)
    }

    @Test func csvReadByAnotherProgramIsWhatWasStored() async throws {
        let folder = try TempDirectory()
        let store = try await makeStore(folder)
        let path = folder.file("all.csv")
        let made = try await run(["--store", store, "--output", path, "--waveforms"], folder)
        #expect(made.exit == .code(0), "\(made.text)")
        var rows = try await readCSV(path, folder)
        #expect(rows.removeFirst() == ["time", "tag", "value", "unit", "quality", "cause"])
        #expect(rows.allSatisfy { $0.count == 6 })
        let heat = rows.filter { $0[1] == "pump.heat" }
        #expect(heat.first == ["2026-11-18T11:06:40.373456Z", "pump.heat", "212.0", "degF", "good", ""])
        let finite = Self.numbers.filter(\.isFinite)
        #expect(heat.dropFirst().prefix(finite.count).map { Double($0[2])?.bitPattern } == finite.map(\.bitPattern))
        #expect(
            heat.suffix(3).map { Array($0[2...]) } == [
                ["", "degC", "bad", "not_finite"], ["", "degC", "bad", "timed_out"],
                ["7.0", "degC", "uncertain", "stuck"],
            ])
        let texts = rows.filter { $0[1] == "pump.recipe" }.map { $0[2] }
        #expect(texts.allSatisfy { !"=+-@\t\r\n".contains($0.prefix(1)) || $0.isEmpty })
        #expect(texts.map { $0.hasPrefix("'") ? String($0.dropFirst()) : $0 } == Self.hostileTexts)
        #expect(rows.first { $0[1] == "pump.window" }?[2] == "0.1 -2.0 3.5")
        #expect(rows.last.map { Array($0[1...4]) } == ["link:plc", "", "", "gap"])
        #expect(rows.last?[5].hasPrefix("disk_full; 12 until 2026-11-18T") == true)
        #expect(rows.filter { $0[4] == "gap" }.count == 1)
    }

    @Test func jsonLinesReadByAnotherProgramAreWhatWasStored() async throws {
        let folder = try TempDirectory()
        let store = try await makeStore(folder)
        let path = folder.file("all.jsonl")
        let made = try await run(["--store", store, "--output", path, "--format", "jsonl", "--json"], folder)
        #expect(
            made.exit == .code(0) && made.text.contains("\"leftOut\" : [\n    \"pump.window\"\n  ]"), "\(made.text)")
        let rows = try await rows(
            "for line in open(sys.argv[1], encoding='utf-8', newline='\\n'):\n"
                + "    row = json.loads(line)\n"
                + "    print(*[cell(row.get(k)) for k in ('tag', 'value', 'quality', 'cause', 'gap', 'count')])", path,
            folder)
        let heat = rows.filter { $0[0] == "pump.heat" }.dropFirst()
        let finite = Self.numbers.filter(\.isFinite)
        #expect(heat.prefix(finite.count).map { Double($0[1])?.bitPattern } == finite.map(\.bitPattern))
        #expect(heat.dropFirst(finite.count).first.map { Array($0[1...3]) } == ["-", "bad", "not_finite"])
        #expect(rows.filter { $0[0] == "pump.recipe" }.map { $0[1] } == Self.hostileTexts)
        #expect(rows.last.map { Array($0[4...]) } == ["link:plc", "12"])
    }

    @Test func timesTagsAndMinutesAreChosen() async throws {
        let folder = try TempDirectory()
        let store = try await makeStore(folder)
        let path = folder.file("some.csv")
        let arguments = ["--store", store, "--output", path, "--force"]
        let made = try await run(
            arguments + ["--tag", "pump.h*", "--from", "2026-11-18T11:06:41Z", "--to=2026-11-18T11:06:42+00:00"], folder
        )
        #expect(made.exit == .code(0), "\(made.text)")
        let some = try await readCSV(path, folder)
        #expect(some.dropFirst().map { $0[0] }.allSatisfy { $0.hasPrefix("2026-11-18T11:06:41.") })
        #expect(some.count == 1 + 4)
        _ = try await run(arguments + ["--every", "1m"], folder)
        var minutes = try await readCSV(path, folder)
        #expect(minutes.removeFirst() == ["time", "tag", "min", "max", "mean", "count", "good", "unit", "gap"])
        #expect(
            minutes.first == [
                "2026-11-18T11:06:00.000000Z", "pump.heat", "212.0", "212.0", "212.0", "1", "1", "degF", "",
            ])
        #expect(minutes.dropFirst().first.map { Array($0[5...]) } == ["11", "8", "degC", ""])
        #expect(minutes.last?[8].hasPrefix("disk_full; 12 until") == true)
        let none = try await run(arguments + ["--tag", "nothing.*"], folder)
        #expect(none.exit == .code(1) && none.text.contains("no tag is named nothing.*"))
        let wrong = try await run(arguments + ["--from", "yesterday"], folder)
        #expect(wrong.exit == .code(64))
    }

    @Test func aFileIsThereWholeOrNotAtAll() async throws {
        let folder = try TempDirectory()
        let store = try await BackupCommandTests.makeStore(folder, samples: 50_000)
        let path = folder.file("all.csv")
        try Files.write("kept", to: path)
        let refused = try await run(["--store", store, "--output", path], folder)
        #expect(refused.exit == .code(1) && refused.text.contains("exists already; --force replaces it"))
        let full = try await BackupCommandTests.run(
            ["export", "--store", store, "--output", path, "--force"], in: folder, limitBlocks: 1_024)
        #expect(full.exit == .code(1) && full.text.contains("\(path): cannot be written"), "\(full.text)")
        #expect(try Files.text(path) == "kept")
        #expect(try DirectoryListing.names(in: folder.path) == ["all.csv", "command.log", "store"])
    }

    @Test func everyValueOfABackupAndOfARunningStoreComesOut() async throws {
        let folder = try TempDirectory()
        let store = try await BackupCommandTests.makeStore(folder, samples: 50_000)
        let copy = folder.file("copy.sqlite")
        _ = try await BackupCommandTests.run(["backup", "--store", store, "--to", copy], in: folder)
        let running = try Store(
            directory: store, limits: Limits(reserveBytes: 0), clock: ManualClock(), logger: CommandLog.logger)
        for place in [store, copy] {
            let made = try await run(["--store", place], folder)
            #expect(made.exit == .code(0))
            let lines = made.text.split(separator: "\r\n").dropFirst().map { $0.split(separator: ",") }
            #expect(lines.prefix(50_000).map { $0[2] } == (0..<50_000).map { "\(Double($0))"[...] })
        }
        await running.close()
    }

    @Test func damageIsSaidAndTheRestComesOut() async throws {
        let folder = try TempDirectory()
        let store = try await BackupCommandTests.makeStore(folder, samples: 2_000)
        var bytes = try Files.bytes("\(store)/store.sqlite")
        let pattern = withUnsafeBytes(of: 1_234.0.bitPattern.littleEndian, Array.init)
        let place = try #require(bytes.firstRange(of: pattern)?.lowerBound)
        bytes[place] ^= 1
        try Files.write(bytes, to: "\(store)/store.sqlite")
        let path = folder.file("all.csv")
        let made = try await run(["--store", store, "--output", path], folder)
        #expect(made.exit == .code(1) && made.text.contains("1 DAMAGED"), "\(made.text)")
        #expect(try await readCSV(path, folder).count == 2_000)
    }

    struct Bound: Sendable {
        var text: String
        var time: String?
    }

    static let bounds = [
        Bound(text: "2026-11-30", time: "2026-11-30T00:00:00.000Z"),
        Bound(text: "2026-11-30T08:15", time: "2026-11-30T08:15:00.000Z"),
        Bound(text: "2026-11-30 08:15:30", time: "2026-11-30T08:15:30.000Z"),
        Bound(text: "2026-11-30T08:15+08:00", time: "2026-11-30T00:15:00.000Z"),
        Bound(text: "2026-11-30T08:15:30.5Z", time: "2026-11-30T08:15:30.500Z"),
        Bound(text: "2026-11-30T08:15Z", time: "2026-11-30T08:15:00.000Z"),
        Bound(text: "now", time: "2026-11-30T12:00:00.000Z"), Bound(text: "-90m", time: "2026-11-30T10:30:00.000Z"),
        Bound(text: "-7d", time: "2026-11-23T12:00:00.000Z"), Bound(text: "2026-02-30"), Bound(text: "yesterday"),
        Bound(text: "-1"), Bound(text: "1h"), Bound(text: ""), Bound(text: "2026-11-30T25:00"),
    ]

    @Test(arguments: bounds) func aBoundIsReadInTheFormsThatPeopleType(bound: Bound) throws {
        let now = try #require(ISO8601.parse("2026-11-30T12:00:00Z".utf8))
        #expect(TimeBound(bound.text).map { ISO8601.string($0.time(now: now)) } == bound.time)
    }
}
