import ArgumentParser
import Host
import Plant
import Store
import Watch

struct TagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags",
        abstract: "List the tags in the store, each with its newest value, its quality and its age.")

    @OptionGroup var place: StoreOption

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Row: Encodable {
        var name: String
        var unit: String
        var kind: String
        var value: String?
        var quality: String?
        var time: String?
        /// Nil for a value of an earlier run of the machine.
        var age_s: Double?
    }

    func run() async throws {
        let reader = try place.reader()
        let clock = SystemClock()
        let steps = ClockStepLog(text: try await reader.value(WatchPart.stepsName) ?? "")
        let boot = Store.bootOfThisMachine
        var rows: [Row] = []
        for (name, tag) in try await reader.tags().sorted(by: { $0.key < $1.key }) {
            let stored = try await reader.latest(tag.id)
            let latest = stored?.sample
            let kind =
                switch tag.definition.kind {
                case .number: "number"
                case .text: "text"
                case .waveform(let samples, let rate): "waveform of \(samples) at \(Format.fixed(rate, 0)) Hz"
                }
            // What came while the clock stood in 1970 is shown in the time that it was set to since.
            let time = stored.map { stored in
                stored.isThisBoot && stored.sample.time < earliestPlausibleWallTime
                    ? steps.corrected(stored.sample.arrival, at: stored.sample.monotonic, boot: boot)
                    : stored.sample.time
            }
            rows.append(
                Row(
                    name: name, unit: tag.definition.unit, kind: kind, value: latest?.value.short,
                    quality: latest.map { "\($0.quality)" }, time: time.map(ISO8601.string),
                    age_s: stored?.age(at: clock.monotonic())?.inSeconds))
        }
        if json {
            try JSONOutput.print(rows)
        } else {
            Output.line(
                Format.table(
                    rows.map {
                        [
                            $0.name, $0.kind, $0.value ?? "-", $0.unit, $0.quality ?? "-",
                            $0.age_s.map { Format.age(.seconds($0)) } ?? "-", $0.time ?? "no value yet",
                        ]
                    }))
        }
    }
}
