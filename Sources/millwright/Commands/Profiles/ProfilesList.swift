import ArgumentParser
import Plant
import Profiles

struct ProfilesList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the chips, and how far each profile goes.")

    @OptionGroup var place: ProfilesOption

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(help: "Print the table of the README.")
    var markdown = false

    @OptionGroup var text: LanguageOption

    private struct Row: Encodable {
        var id: String
        var vendor: String
        var name: String
        var aliases: [String]
        var reach: String
        var contract: String?
        var cores: Int?
        var int8_tops: Double?
        var on_chip_bytes: Int?
        var dram_gb_per_s: Double?
        var watts: Double?
    }

    func validate() throws {
        guard !(json && markdown) else { throw ValidationError("expected one of --json and --markdown, found both") }
    }

    func run() throws {
        let profiles = try place.load()
        if markdown { return Output.line(RunsOnTable.markdown(profiles, language: text.language)) }
        let rows = profiles.map { profile in
            Row(
                id: profile.id, vendor: profile.vendor, name: profile.name, aliases: profile.aliases,
                reach: profile.reach.rawValue, contract: profile.contract?.value, cores: profile.cores?.value,
                int8_tops: profile.peakInt8OperationsPerSecond.map { $0.value / 1e12 },
                on_chip_bytes: profile.onChipBytes?.value,
                dram_gb_per_s: profile.dramBytesPerSecond.map { $0.value / 1e9 }, watts: profile.watts?.value)
        }
        if json { return try JSONOutput.print(rows) }
        let header = ["profile", "vendor", "chip", "how far", "contract", "cores", "int8 TOPS", "on chip, a core"]
        Output.line(
            Format.table(
                [header]
                    + rows.map { row in
                        [
                            row.id, row.vendor, row.name, row.reach, row.contract ?? "-",
                            row.cores.map(String.init) ?? "-",
                            row.int8_tops.map { Format.fixed($0, 1) } ?? "-",
                            row.on_chip_bytes.map { "\($0 / 1024) KiB" } ?? "-",
                        ]
                    }))
    }
}
