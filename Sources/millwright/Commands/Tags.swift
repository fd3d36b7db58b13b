import ArgumentParser
import Plant
import Store

struct TagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags in the store, each with its newest value.")

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
    }

    func run() async throws {
        let reader = try place.reader()
        var rows: [Row] = []
        for (name, tag) in try await reader.tags().sorted(by: { $0.key < $1.key }) {
            let latest = try await reader.latest(tag.id)?.sample
            let kind =
                switch tag.definition.kind {
                case .number: "number"
                case .text: "text"
                case .waveform(let samples, let rate): "waveform of \(samples) at \(Format.fixed(rate, 0)) Hz"
                }
            let value: String? =
                switch latest?.value {
                case .number(let value)?: "\(value)"
                case .waveform(let values)?: "\(values.count) values"
                case .text(let text)?: text
                case nil, .some(.none): nil
                }
            rows.append(
                Row(
                    name: name, unit: tag.definition.unit, kind: kind, value: value,
                    quality: latest.map { "\($0.quality)" }, time: latest.map { ISO8601.string($0.time) }))
        }
        if json {
            try JSONOutput.print(rows)
        } else {
            Output.line(
                Format.table(
                    rows.map {
                        [$0.name, $0.kind, $0.value ?? "-", $0.unit, $0.quality ?? "-", $0.time ?? "no value yet"]
                    }))
        }
    }
}
