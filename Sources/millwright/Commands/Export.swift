import ArgumentParser
import Glibc
import Host
import Plant
import Store
import Watch

/// History as a file for other programs.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the history of tags as CSV or JSON lines.",
        discussion: """
            Works beside the running daemon, on the store of a stopped one and on a backup. Tag after tag, each in the order \
            of time; behind them what is known to be missing, as rows of quality `gap`. Times are UTC. Texts that a \
            spreadsheet would take for a formula get ' before them in CSV. Exit status 1 when something damaged was left \
            out; the file is then there all the same. More: docs/guides/get-data-out.md.
            """)

    enum RowFormat: String, ExpressibleByArgument, CaseIterable {
        case csv, jsonl
    }

    enum Every: String, ExpressibleByArgument, CaseIterable {
        case raw
        case minute = "1m"
        case hour = "1h"

        var width: RollupWidth? {
            switch self {
            case .raw: nil
            case .minute: .minute
            case .hour: .hour
            }
        }
    }

    @Option(
        help: ArgumentHelp(
            "Name of a tag, * for any characters in it; may be given several times. All tags where none is given.",
            valueName: "name"))
    var tag: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only from here on: 2026-11-30, 2026-11-30T08:00 (UTC without an offset), or -2h, -7d before now.",
            valueName: "time"))
    var from: TimeBound?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only before this, in the same forms.", valueName: "time"))
    var to: TimeBound?

    @Option(help: "Every sample, or minimum, maximum, mean and count each minute or hour.")
    var every = Every.raw

    @Option(help: "Format of the rows.")
    var format = RowFormat.csv

    @Option(help: "File to make; - for standard output.", completion: .file())
    var output = "-"

    @Flag(help: "Waveforms too, each one cell: numbers with spaces between in CSV, an array in JSON.")
    var waveforms = false

    @Flag(help: "Replace the file where there is one.")
    var force = false

    @OptionGroup var place: StoreOption

    @Flag(help: "Say as JSON what was written; with --output FILE.")
    var json = false

    func validate() throws {
        for tag in tag where TagPattern(tag) == nil {
            throw ValidationError("--tag: expected a tag name, * for any characters in it, found \"\(tag)\"")
        }
        guard !json || output != "-" else { throw ValidationError("--json goes with --output FILE") }
        guard !waveforms || every == .raw else { throw ValidationError("--waveforms goes with --every raw") }
    }

    func run() async throws {
        // A limit on the size of files then fails the write, which is said, instead of ending the program.
        signal(SIGXFSZ, SIG_IGN)
        let now = SystemClock().wall()
        let selection = ExportSelection(
            patterns: tag.compactMap(TagPattern.init), from: from?.time(now: now) ?? WallTime(nanoseconds: .min),
            to: to?.time(now: now) ?? WallTime(nanoseconds: .max), every: every.width, withWaveforms: waveforms)
        guard selection.from < selection.to else { throw ValidationError("--from, --to: expected from before to") }
        let reader = try place.reader()
        let progress = ProgressLine()
        defer { progress.end() }
        let summary = try await Interruptible.run { [output, force, format] in
            let sink = try ExportSink(path: output, replaces: force)
            var exporter = Exporter(reader: reader, selection: selection) { rows, tag in
                progress.show { "\(rows) rows, now \(tag)" }
            }
            switch format {
            case .csv: try await exporter.run(CSVFormat(isRollup: selection.every != nil), into: sink)
            case .jsonl: try await exporter.run(JSONLinesFormat(), into: sink)
            }
            try sink.finish(replaces: force)
            return exporter.summary
        }
        progress.end()
        if json { try JSONOutput.print(summary) } else { say(summary) }
        guard summary.damaged == 0 else { throw ExitCode.failure }
    }

    private func say(_ summary: ExportSummary) {
        let place = output == "-" ? "" : "\(output): "
        Output.error(
            "\(place)\(summary.rows) rows of \(summary.tags) tags, \(Format.bytes(summary.bytes))"
                + (summary.gaps > 0 ? "; \(summary.gaps) gaps, at the end" : ""))
        if !summary.leftOut.isEmpty {
            let hint = every == .raw ? "waveforms, which --waveforms writes" : "texts and waveforms have no rollups"
            Output.error("left out: \(summary.leftOut.joined(separator: ", ")) (\(hint))")
        }
        if summary.damaged > 0 { Output.error("\(summary.damaged) DAMAGED rows left out") }
    }
}
