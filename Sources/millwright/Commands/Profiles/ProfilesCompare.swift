import ArgumentParser
import Compiler
import Deployment
import Graph
import Profiles
import Store

struct ProfilesCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "What a model takes on each chip: an integrator picks the board with it.",
        discussion: """
            The model is an int8 one (.tflite, .onnx or .mwplan). Each figure follows from the chip's profile; where a profile \
            has none, the table has none. ">=" means that something that takes time has no figure: the chip takes at least \
            as long. "equal to fp32" is how many outputs on seeded inputs of noise are the same byte under the chip's \
            contract; `model quantize --profile` measures accuracy on real ones.
            """)

    @Argument(help: "The model: .tflite, .onnx or .mwplan, quantized.", completion: .file())
    var model: String

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
        let milliseconds: Double?
        let is_at_least: Bool
        let millijoules: Double?
        let dram_bytes: Int
        let utilization: Double?
        let layers_on_cpu: [String]
        let unverified_layers: Int
        let crossings: Int
        let crossing_bytes: Int
        /// Share of outputs equal to those under fp32, on seeded inputs.
        let equal_to_fp32: Double?
        /// Why there is no plan under the chip's contract.
        let refused: String?
    }

    func run() throws {
        let profiles = try place.load()
        let source = try ComparedModel(path: model)
        var rows: [Row] = []
        for profile in profiles { rows.append(try source.row(profile)) }
        if json { return try JSONOutput.print(rows) }
        let head = [
            "chip", "how far", "contract", "fits", "NPU cycles", "us", "mJ", "DRAM", "util.", "on the CPU", "crossings",
            "equal to fp32",
        ]
        let cells = rows.map(\.cells)
        guard !markdown else {
            Output.line("| " + head.joined(separator: " | ") + " |")
            Output.line("|" + head.map { _ in "---|" }.joined())
            for row in cells { Output.line("| " + row.joined(separator: " | ") + " |") }
            return
        }
        Output.line(Format.table([head] + cells))
    }
}

extension ProfilesCompare.Row {
    fileprivate var cells: [String] {
        let memory = fits.map { $0 ? "yes" : "no" } ?? "?"
        let time = DeploymentReport.figure(
            milliseconds.map { $0 * 1e3 }, isAtLeast: is_at_least, decimals: 1)
        let energy = DeploymentReport.figure(millijoules, isAtLeast: is_at_least, decimals: 3)
        let use = utilization.map { Format.fixed($0 * 100, 0) + " %" } ?? "-"
        let onCPU = Self.counted(layers_on_cpu) + (unverified_layers > 0 ? ", \(unverified_layers) unverified" : "")
        let crossed = crossings == 0 ? "0" : "\(crossings), \(Format.bytes(Int64(crossing_bytes)))"
        let near = refused ?? equal_to_fp32.map { Format.fixed($0 * 100, 2) + " %" } ?? "-"
        return [
            profile, reach, contract ?? "not known", memory, npu_cycles.map { "\($0)" } ?? "-", time, energy,
            Format.bytes(Int64(dram_bytes)), use, onCPU, crossed, near,
        ]
    }

    /// `2 (softmax, mean)`.
    private static func counted(_ names: [String]) -> String {
        let unique = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return names.isEmpty ? "0" : "\(names.count) (\(unique.joined(separator: ", ")))"
    }
}
