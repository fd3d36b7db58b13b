import ArgumentParser
import Profiles

struct ProfilesShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what is known of one chip, each fact with its status and source.")

    @Argument(help: "The profile, or another name of its chip: rk3588, sg2002.")
    var name: String

    @OptionGroup var place: ProfilesOption

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Report: Encodable {
        struct FactRow: Encodable {
            var key: String
            var value: String?
            var status: String
            var source: String
            var line: Int
        }
        var id: String
        var vendor: String
        var name: String
        var aliases: [String]
        var reach: String
        var file: String
        var facts: [FactRow]
    }

    func run() throws {
        let profile = try place.profile(named: name)
        let facts = profile.lines.map {
            Report.FactRow(
                key: $0.key, value: $0.value, status: $0.status?.rawValue ?? "unknown", source: $0.source, line: $0.line
            )
        }
        if json {
            return try JSONOutput.print(
                Report(
                    id: profile.id, vendor: profile.vendor, name: profile.name, aliases: profile.aliases,
                    reach: profile.reach.rawValue, file: profile.file, facts: facts))
        }
        let names = ([profile.id] + profile.aliases).joined(separator: ", ")
        Output.line("\(profile.vendor) \(profile.name) (\(names)): \(profile.reach.words); \(profile.file)\n")
        Output.line(
            Format.table(
                [["fact", "value", "status", "source"]]
                    + facts.map { [$0.key, Self.cut($0.value ?? "unknown"), $0.status, $0.source] }))
        let unknown = facts.count { $0.value == nil }
        Output.line("\n\(facts.count) facts, \(unknown) of them unknown")
    }

    /// Long values are in `--json` and in the file; here they would push the sources away.
    private static func cut(_ text: String) -> String {
        let limit = 60
        return text.count > limit ? "\(text.prefix(limit - 3))..." : text
    }
}
