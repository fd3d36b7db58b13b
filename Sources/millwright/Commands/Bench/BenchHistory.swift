import ArgumentParser
import Host
import Plant
import Store

struct BenchHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Measure what packed history takes on disk and how long a question for one tag takes.",
        discussion: """
            Stores a recording, or tags that wander, through the daemon's own writer and packs them by its own archiver. A \
            thousand tags for seven days at a value a second are 605 million samples: some gigabytes and many minutes.
            """)

    @Option(
        help: "CSV file with the header tag,unix_ns,value, in place of tags that wander.",
        completion: .file(extensions: ["csv"]))
    var recording: String?

    @Option(help: "Tags that wander.")
    var tags = 100

    @Option(help: "Days that they wander.")
    var days = 1.0

    @Option(help: "Milliseconds from one value of a tag to its next.")
    var period = 1_000

    @Option(help: "Seed of the wandering.")
    var seed: UInt64 = 1

    @Option(
        help: "Empty folder to work in, on the disk to be measured; a temporary one unless given.",
        completion: .directory)
    var directory: String?

    @Option(
        help: "Folder of a store that there is, of which to ask only; a daemon may be using it.", completion: .directory
    )
    var store: String?

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard (1...20_000).contains(tags), (1...86_400_000).contains(period), days > 0, days <= 365 else {
            throw ValidationError(
                "--tags, --period, --days: expected 1 to 20000, 1 to 86400000, and up to 365; found \(tags), \(period), \(days)"
            )
        }
    }

    func run() async throws {
        if let store {
            let clock = SystemClock()
            let reader = try StoreReader(directory: store, clock: clock, logger: CommandLog.logger)
            return try show(try await HistoryBench.answers(of: reader, clock))
        }
        let report = try await DrillDirectory.with(directory) { directory in
            try await HistoryBench(
                source: recording.map { .recording($0) }
                    ?? .wandering(tags: tags, days: days, period: .milliseconds(period), seed: seed),
                directory: directory
            ).run { Output.error($0) }
        }
        if json { return try JSONOutput.print(report) }
        Output.line(
            Format.table([
                ["stored", "\(report.samples) samples of \(report.tags) tags, \(Format.fixed(report.days, 2)) days"],
                [
                    "time",
                    "\(Format.fixed(report.store_seconds, 1)) s to store and pack, \(Format.fixed(report.pack_seconds, 1)) s for the rest",
                ],
                [
                    "packed",
                    "\(Format.fixed(report.packed_bytes_per_sample, 2)) bytes a sample, \(report.packed_samples) samples",
                ],
                ["rollups", "\(Format.fixed(report.rollup_bytes_per_sample, 2)) bytes a sample"],
                ["file", "\(Format.fixed(report.file_bytes_per_sample, 2)) bytes a sample"],
            ]))
        try show(report.answers)
    }

    private func show(_ answers: HistoryBench.Answers) throws {
        if json { return try JSONOutput.print(answers) }
        Output.line(
            Format.table([
                ["one tag, all", "\(answers.all_ms.text) ms, \(answers.samples_of_tag) samples"],
                ["one tag, last day", "\(answers.day_ms.text) ms"],
                ["one tag, minutes", "\(answers.minutes_ms.text) ms"],
                ["one tag, hours", "\(answers.hours_ms.text) ms"],
            ]))
    }
}
