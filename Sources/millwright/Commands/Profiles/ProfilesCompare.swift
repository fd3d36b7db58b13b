import ArgumentParser
import Compiler
import Deployment
import Graph
import Plant
import Profiles
import Store

struct ProfilesCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "What a model takes on each chip: an integrator picks the board with it.",
        discussion: """
            The model is an int8 one (.tflite, .onnx or .mwplan). Each figure follows from the chip's profile; where a profile \
            has none, the table has none. ">=" means that something that takes time has no figure: the chip takes at least \
            as long. "accuracy" is by the chip's contract: top-1 on --inputs with --labels, else how many outputs are the \
            same byte as under fp32, on --inputs or on seeded noise. --html is a page with plots.
            """)

    @Argument(help: "The model: .tflite, .onnx or .mwplan, quantized.", completion: .file())
    var model: String

    @Option(
        help: "Inputs, an .npy file of the model's own type: one, or N in the first dimension.", completion: .file())
    var inputs: String?

    @Option(help: "The right class of each input: a .csv file with a heading.", completion: .file())
    var labels: String?

    @Option(help: "Column of --labels that has the class.")
    var labelColumn = "label"

    @Option(help: "Where a page with plots goes, in English and Chinese.", completion: .file())
    var html: String?

    @Option(help: "Language that the page shows first: \(Language.allCases.map(\.rawValue).joined(separator: ", ")).")
    var language = Language.english

    @OptionGroup var place: ProfilesOption

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(help: "Print as a Markdown table.")
    var markdown = false

    struct Row: Encodable {
        let profile: String
        let vendor: String
        let reach: String
        let contract: String?
        let fits: Bool?
        let npu_cycles: Int?
        /// Tile by tile, every buffer twice; of one core.
        let scheduled_cycles: Double?
        let milliseconds: Double?
        let is_at_least: Bool
        let millijoules: Double?
        let dram_bytes: Int
        let utilization: Double?
        let layers_on_cpu: [String]
        let unverified_layers: Int
        let crossings: Int
        let crossing_bytes: Int
        let crossing_microseconds: Double?
        /// Share of outputs equal to those under fp32.
        let equal_to_fp32: Double?
        /// Share of inputs whose largest output is the right class.
        let top1: Double?
        /// Layers of which the chip's contract was compared with nothing, and why.
        let beyond_contract: [ContractScope.Remark]
        let has_npu: Bool
        /// Why there is no plan under the chip's contract.
        let refused: String?
    }

    func validate() throws {
        guard labels == nil || inputs != nil else {
            throw ValidationError("--labels: expected --inputs with it, which they belong to")
        }
    }

    func run() throws {
        let profiles = try place.load()
        var source = try ComparedModel(
            path: model, inputs: inputs, labels: labels.map { (file: $0, column: labelColumn) })
        var rows: [Row] = []
        for profile in profiles { rows.append(try source.row(profile)) }
        if let html {
            let page = ComparePage(rows: rows, model: model, referenceTop1: source.referenceTop1)
            try OutputFile.write(Array(page.html(language).utf8), to: html)
            Output.error("page -> \(html)")
        }
        if json { return try JSONOutput.print(rows) }
        let head = Row.head(hasTop1: labels != nil)
        let cells = rows.map(\.cells)
        guard !markdown else {
            Output.line("| " + head.joined(separator: " | ") + " |")
            Output.line("|" + head.map { _ in "---|" }.joined())
            for row in cells { Output.line("| " + row.joined(separator: " | ") + " |") }
            if let note = Row.note(rows) { Output.line("\n" + note.english) }
            return
        }
        Output.line(Format.table([head] + cells))
        if let note = Row.note(rows) { Output.line("\n" + note.english) }
    }
}

extension ProfilesCompare.Row {
    static func head(hasTop1: Bool) -> [String] {
        [
            "chip", "how far", "contract", "fits", "NPU cycles", "us", "mJ", "DRAM", "util.", "on the CPU", "crossings",
            hasTop1 ? "top-1" : "equal to fp32",
        ]
    }

    var cells: [String] {
        let memory = fits.map { $0 ? "yes" : "no" } ?? "?"
        let time = DeploymentReport.figure(
            milliseconds.map { $0 * 1e3 }, isAtLeast: is_at_least, decimals: 1)
        let energy = DeploymentReport.figure(millijoules, isAtLeast: is_at_least, decimals: 3)
        let use = utilization.map { Format.fixed($0 * 100, 0) + " %" } ?? "-"
        let onCPU =
            has_npu
            ? Self.counted(layers_on_cpu) + (unverified_layers > 0 ? ", \(unverified_layers) unverified" : "") : "all"
        let price = crossing_microseconds.map { ", \(Format.fixed($0, 1)) us" } ?? ""
        let crossed = crossings == 0 ? "0" : "\(crossings), \(Format.bytes(Int64(crossing_bytes)))\(price)"
        let mark = beyond_contract.isEmpty ? "" : " *"
        let near = refused ?? (top1 ?? equal_to_fp32).map { Format.fixed($0 * 100, 2) + " %\(mark)" } ?? "-"
        return [
            profile, reach, contract ?? (has_npu ? "not known" : "the plan's own"), memory,
            npu_cycles.map { "\($0)" } ?? "-", time, energy,
            Format.bytes(Int64(dram_bytes)), use, onCPU, crossed, near,
        ]
    }

    /// What the star behind an accuracy means; nil where there is none.
    static func note(_ rows: [ProfilesCompare.Row]) -> LocalizedText? {
        let remarks = rows.flatMap(\.beyond_contract).reduce(into: [ContractScope.Remark]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        return remarks.isEmpty ? nil : ChipWords.beyond(remarks)
    }

    /// `2 (softmax, mean)`.
    private static func counted(_ names: [String]) -> String {
        let unique = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return names.isEmpty ? "0" : "\(names.count) (\(unique.joined(separator: ", ")))"
    }
}
