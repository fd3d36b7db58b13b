import ArgumentParser
import FoundationEssentials
import Glibc
import Host
import Plant
import Store
import Watch

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Follow the newest values of tags.",
        discussion: """
            On a terminal, a table in place: value, unit, quality, age, values a second. Elsewhere, and with --json, a line \
            each value as it is stored. Ends with Ctrl-C, or after --seconds.
            """)

    @Argument(help: "Names of tags, * for any characters in them; all tags where none is given.")
    var tags: [String] = []

    @OptionGroup var place: StoreOption

    @Option(help: "How long, in seconds.")
    var seconds: Double?

    @Flag(help: "Print a line of JSON each value.")
    var json = false

    /// What is looked through at the start for the newest values.
    private static let depth: Int64 = 20_000
    private static let interval = Duration.milliseconds(500)

    func validate() throws {
        for tag in tags where TagPattern(tag) == nil {
            throw ValidationError("expected a tag name, * for any characters in it, found \"\(tag)\"")
        }
        if let seconds, !(seconds > 0 && seconds <= 1e9) {
            throw ValidationError("--seconds: expected above 0, found \(seconds)")
        }
    }

    func run() async throws {
        let clock = SystemClock()
        let reader = try place.reader()
        let isTable = !json && isatty(STDOUT_FILENO) == 1 && ProcessEnvironment.current["TERM"] != "dumb"
        var live = LiveTags(tags.compactMap(TagPattern.init))
        let newest = try await reader.statistics().lastSample
        var cursor = isTable ? max(0, newest - Self.depth) : newest
        let end = seconds.map { clock.monotonic() + .seconds($0) }
        var drawn = 0
        while !Task.isCancelled {
            live.take(try await reader.tags())
            while true {
                let page = try await reader.samples(after: cursor, limit: 10_000)
                let shown = live.take(page.samples, at: clock.monotonic())
                cursor = page.through
                if !isTable { try shown.forEach { try say($0.row) } }
                if page.isEnd { break }
            }
            let rows = live.rows(at: clock.monotonic())
            if isTable { draw(rows, over: &drawn) }
            if let end, clock.monotonic() >= end { return }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func say(_ row: LiveTags.Row) throws {
        guard json else {
            return Output.line(
                "\(row.time)  \(row.tag)  \(row.value ?? "-")\(row.unit.isEmpty ? "" : " \(row.unit)")  \(row.quality)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Output.line(String(decoding: try encoder.encode(row), as: UTF8.self))
    }

    private func draw(_ rows: [LiveTags.Row], over drawn: inout Int) {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 3
        // More than the screen holds could not be drawn over.
        let fitting = isKnown ? Int(size.ws_row) - 3 : 20
        let table = rows.prefix(fitting).map { row in
            [
                row.tag, row.value ?? "-", row.unit, row.age_s < 0 ? "-" : Format.age(.seconds(row.age_s)),
                "\(Format.fixed(row.rate_hz, 1))/s", row.quality,
            ]
        }
        var lines = Format.table([["tag", "value", "unit", "age", "rate", "quality"]] + table).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { isKnown ? String($0.prefix(Int(size.ws_col))) : String($0) }
        if rows.count > fitting { lines.append("and \(rows.count - fitting) more: name a pattern") }
        Output.text((drawn > 0 ? "\u{1B}[\(drawn)A\u{1B}[0J" : "") + lines.joined(separator: "\n") + "\n")
        drawn = lines.count
    }
}
