import ArgumentParser
import Profiles

struct ProfilesDetect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect", abstract: "Say which chips this machine has, and what says so.",
        discussion: """
            It reads the device tree, PCI ids, /proc/cpuinfo and the names of device nodes; it opens no device. Certain: \
            something names the chip. Likely: its family. Possible: its vendor.
            """)

    @Option(help: "Look at a copy of proc, sys and dev in this folder instead.", completion: .directory)
    var root = "/"

    @OptionGroup var place: ProfilesOption

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Report: Encodable {
        struct Chip: Encodable {
            struct Reason: Encodable {
                var path: String
                var found: String
                var names: String
                var source: String
            }
            var profile: String
            var vendor: String
            var name: String
            var certainty: String
            var reach: String
            var reasons: [Reason]
            var next: String
        }
        var board: String?
        var chips: [Chip]
        var next: String?
    }

    private static let nothing = """
        no sign of a chip in the catalogue; models run on this CPU's int8 kernels (millwright bench kernels says which); \
        a new chip is one file: docs/reference/profiles.md
        """

    func run() throws {
        let profiles = try place.load()
        let machine = MachineSurvey(root: root)
        let chips = DetectedChip.all(on: machine, among: profiles)
        if json { return try JSONOutput.print(report(machine, chips)) }
        if let model = machine.model { Output.line("board  \(model)") }
        guard !chips.isEmpty else { return Output.line(Self.nothing) }
        for chip in chips {
            Output.line("\(chip.profile.id): \(chip.certainty), \(chip.profile.vendor) \(chip.profile.name)")
            var rows = chip.reasons.map { reason in
                [
                    "  found",
                    "\(reason.evidence.text) in \(reason.evidence.path): names the \(reason.sign.names.rawValue)",
                ]
            }
            rows.append(["  known", chip.profile.reach.words])
            rows.append(["  next", Self.next(chip)])
            Output.line(Format.table(rows))
        }
    }

    private func report(_ machine: MachineSurvey, _ chips: [DetectedChip]) -> Report {
        Report(
            board: machine.model,
            chips: chips.map { chip in
                Report.Chip(
                    profile: chip.profile.id, vendor: chip.profile.vendor, name: chip.profile.name,
                    certainty: "\(chip.certainty)", reach: chip.profile.reach.rawValue,
                    reasons: chip.reasons.map {
                        .init(
                            path: $0.evidence.path, found: $0.evidence.text, names: $0.sign.names.rawValue,
                            source: $0.sign.value.source)
                    }, next: Self.next(chip))
            }, next: chips.isEmpty ? Self.nothing : nil)
    }

    private static func next(_ chip: DetectedChip) -> String {
        let id = chip.profile.id
        if chip.certainty != .certain { return "make sure which chip it is; then: millwright profiles show \(id)" }
        if chip.profile.isCPU { return "run plans on this CPU: millwright bench kernels says how fast its kernels are" }
        switch chip.profile.reach {
        case .bitExact, .contractKnown: return "millwright model compile MODEL --profile \(id)"
        case .factsOnly:
            return "run plans on the CPU, for the chip's arithmetic is not known: millwright profiles show \(id)"
        }
    }
}
