import ArgumentParser
import Plant
import Watch
import YAML

struct BenchWatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Try rules of the watch on a recording: what would be flagged, and what it costs.",
        discussion: """
            The recording is a CSV file with a header: a column a tag, a line a moment; an empty cell is a value that did \
            not come, and columns that are no numbers are left out. The rules are the section `watch:` of a configuration.
            """)

    @Argument(help: "The recording.", completion: .file(extensions: ["csv"]))
    var recording: String

    @Option(help: "A file with nothing but the section `watch:`.", completion: .file(extensions: ["yaml"]))
    var rules: String?

    @Option(help: "Seconds from one line to the next.")
    var interval = 1.0

    @Option(help: "What stands between two cells.")
    var separator = ","

    @Flag(help: "Print as JSON.")
    var json = false

    /// The largest recording: a day of fifty tags, ten times a second.
    private static let limit = 512 << 20
    /// Deadlines are looked at this often, as the daemon does more often still.
    private static let tick = Duration.seconds(2)
    /// What a burst brings, and bursts enough for a steady figure.
    private static let costTags = 1_000
    private static let costRounds = 500

    struct Row: Encodable {
        var tag: String
        var values: Int
        /// Flags by their words; `stale` counts times of silence.
        var flags: [String: Int]
    }

    private struct Report: Encodable {
        var rows: [Row]
        var samples: Int
        var nanoseconds_per_sample: Double
        var bytes_per_tag: Int
    }

    func validate() throws {
        guard interval > 0, interval <= 86_400 else {
            throw ValidationError("--interval: expected above 0 and at most 86400, found \(interval)")
        }
        guard separator.utf8.count == 1 else { throw ValidationError("--separator: expected one character") }
    }

    func run() throws {
        let rules = try loadRules()
        let lines = try TextFile.read(recording, limit: Self.limit).split(separator: UInt8(ascii: "\n"))
        guard let header = lines.first, lines.count > 1 else {
            throw ConfigurationError.wrong("\(recording): expected a header and lines, found \(lines.count) lines")
        }
        let mark = separator.utf8.first ?? UInt8(ascii: ",")
        let names = Self.cells(header, mark).map { String(decoding: $0, as: UTF8.self) }
        let values = lines.dropFirst().map { line in
            Self.cells(line, mark).map { cell in cell.isEmpty ? nil : Double(String(decoding: cell, as: UTF8.self)) }
        }
        var rows: [Row] = []
        for (column, name) in names.enumerated() {
            let series = values.map { column < $0.count ? $0[column] : nil }
            guard series.contains(where: { $0 != nil }) else { continue }
            let found = play(series, name: name, rules: rules)
            rows.append(Row(tag: name, values: series.count { $0 != nil }, flags: found))
        }
        let samples = rows.reduce(0) { $0 + $1.values }
        let report = Report(
            rows: rows, samples: samples,
            nanoseconds_per_sample: cost(values.flatMap { $0.compactMap(\.self) }, name: names[0], rules: rules),
            bytes_per_tag: TagWatch.bytesPerTag)
        if json { return try JSONOutput.print(report) }
        Output.line(
            Format.table(
                rows.map { row in
                    let flags = row.flags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    return [row.tag, "\(row.values) values", flags.isEmpty ? "-" : flags.joined(separator: " ")]
                }))
        Output.line(
            "\(samples) samples, \(Format.fixed(report.nanoseconds_per_sample, 0)) ns each, "
                + "\(report.bytes_per_tag) bytes a tag")
    }

    private func loadRules() throws -> WatchRules {
        guard let rules else { return WatchRules() }
        let node = try YAML.parse(try TextFile.read(rules), file: rules)
        let diagnostics = Diagnostics(file: rules)
        guard var reader = MappingReader(node, path: "", diagnostics: diagnostics) else {
            throw ConfigurationError.wrong(diagnostics.text)
        }
        let read = reader.required("watch", WatchRules.kind)
        reader.finish()
        guard let read, diagnostics.isEmpty else { throw ConfigurationError.wrong(diagnostics.text) }
        return read
    }

    private static func cells(_ line: ArraySlice<UInt8>, _ mark: UInt8) -> [ArraySlice<UInt8>] {
        let whole = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        return whole.split(separator: mark, omittingEmptySubsequences: false)
    }

    /// - Returns: what was found in one column.
    private func play(_ series: [Double?], name: String, rules: WatchRules) -> [String: Int] {
        let tag = TagID(rawValue: 1)
        let span = Duration.seconds(interval)
        var watch = TagWatch(rules: rules, scans: [name: span])
        var now = MonotonicTime(nanoseconds: 0)
        watch.watch(tag, name: name, at: now)
        for (index, value) in series.enumerated() {
            if let value {
                var batch = SampleBatch(link: "recording", samples: [Self.sample(tag, value, at: span * Double(index))])
                _ = watch.look(at: &batch, clock: .free)
            }
            let end = MonotonicTime(nanoseconds: 0) + span * Double(index + 1)
            while now < end {
                now = min(end, now + Self.tick)
                _ = watch.silentTags(at: now)
            }
        }
        return watch.found.values.reduce(into: [:]) { $0.merge($1.found, uniquingKeysWith: +) }
    }

    /// - Returns: nanoseconds a sample, of a thousand tags that come together.
    private func cost(_ values: [Double], name: String, rules: WatchRules) -> Double {
        guard !values.isEmpty else { return 0 }
        var watch = TagWatch(rules: rules)
        let tags = (0..<Self.costTags).map { TagID(rawValue: Int32($0)) }
        for tag in tags { watch.watch(tag, name: name, at: MonotonicTime(nanoseconds: 0)) }
        let clock = ContinuousClock()
        var spent = Duration.zero
        for round in 0..<Self.costRounds {
            var batch = SampleBatch(
                link: "recording",
                samples: tags.indices.map {
                    Self.sample(tags[$0], values[(round + $0) % values.count], at: .seconds(Double(round)))
                })
            spent += clock.measure { _ = watch.look(at: &batch, clock: .free) }
        }
        return spent / .nanoseconds(1) / Double(Self.costTags * Self.costRounds)
    }

    private static func sample(_ tag: TagID, _ value: Double, at span: Duration) -> Sample {
        // Any day will do: the rules go by the spans between values.
        let start = WallTime(nanoseconds: 1_800_000_000_000_000_000)
        return Sample(
            tag: tag, value: .number(value), quality: .good, arrival: start + span,
            monotonic: MonotonicTime(nanoseconds: 0) + span)
    }
}
