import ArgumentParser
import Compiler
import Deployment
import Graph
import Plant
import Profiles
import Runtime
import Store

struct ModelCompile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Make a plan of a .tflite or .onnx model.",
        discussion: """
            A plan is opened where it lies, in milliseconds, and carries a receipt that proves each machine.

            With --profile the plan has the chip's contract, and what the model takes on the chip is printed: where each \
            layer runs, how it is cut to fit the memory beside the multipliers, cycles, DRAM traffic, time, and the source \
            of each figure. ">=" means that something that takes time has no figure. A plan is taken too then, and left \
            as it is.
            """)

    @Argument(help: "The model: .tflite or .onnx; with --profile also .mwplan.", completion: .file())
    var model: String

    @Option(help: "Where the plan goes; the model's name with .mwplan unless given.")
    var output: String?

    @Option(help: "Numeric contract: \(Contracts.all.map { $0.name }.joined(separator: ", ")).")
    var contract: String?

    @OptionGroup var chip: ProfileChoice

    @Option(help: "Where what the model takes on the chip goes as JSON; only with --profile.", completion: .file())
    var json: String?

    @Option(
        help: "Where a page to look at goes, in English and Chinese: timeline, roofline, memory; only with --profile.",
        completion: .file())
    var html: String?

    @Option(
        help: "Language that the page shows first: \(Language.allCases.map(\.rawValue).joined(separator: ", ")).")
    var language = Language.english

    @Option(help: "Golden inputs in the plan's receipt, made from a seed; 0 for none.")
    var receipt = 2

    @Flag(help: "Print the passes, the model as they leave it, the plan, and its memory.")
    var listing = false

    func validate() throws {
        guard (0...64).contains(receipt) else { throw ValidationError("--receipt: expected 0 to 64, found \(receipt)") }
        guard contract == nil || chip.profile == nil else {
            throw ValidationError("--contract, --profile: expected one of them, a profile has a contract")
        }
        guard json == nil || chip.profile != nil else { throw ValidationError("--json: expected --profile with it") }
        guard html == nil || chip.profile != nil else { throw ValidationError("--html: expected --profile with it") }
    }

    func run() throws {
        let profile = try chip.load()
        let mapped = try MappedFile(path: model)
        if mapped.bytes.starts(with: PlanFormat.magic) {
            guard let profile, output == nil, contract == nil else {
                throw ValidationError(
                    "\(model): is a plan already: expected --profile, which says what it takes on a chip, and no "
                        + "--output and --contract")
            }
            let plan = try Plan(bytes: mapped.bytes)
            try profile.check(plan.contract.name, path: model)
            return try report(plan, keeping: mapped, on: profile)
        }
        let contract = contract ?? profile?.planContract ?? ModelFile.usualContract
        let compilation = try withExtendedLifetime(mapped) {
            try Compilation(file: Array(mapped.bytes), fileName: model)
        }
        if listing {
            let rows = compilation.reports.map {
                [$0.name, "\($0.changes) places", "\($0.nodesBefore) -> \($0.nodesAfter) nodes"]
            }
            Output.line(Format.table(rows))
            Output.line(compilation.model.listing)
        }
        var builder = try compilation.plan(contract: contract)
        if receipt > 0 { builder.attach(receipt: try ReceiptMaker.receipt(builder, cases: receipt)) }
        let bytes = try builder.encode()
        let path = output ?? Self.path(beside: model)
        try OutputFile.write(bytes, to: path)
        let memory = PlanMemory(copying: bytes)
        let plan = try Plan(bytes: memory.bytes)
        Output.line("\(path): \(bytes.count) bytes, \(plan.operators.count) steps, contract \(contract)")
        try report(plan, keeping: memory, on: profile)
    }

    /// What the plan is, and what it takes on a chip.
    /// - Parameter owner: keeps the plan's bytes alive.
    private func report(_ plan: Plan, keeping owner: AnyObject, on profile: ChipProfile?) throws {
        defer { withExtendedLifetime(owner) {} }
        if listing {
            Output.line(plan.listing)
            Output.line(plan.arenaListing)
        }
        guard let profile else { return }
        Output.line(profile.contractWords)
        let deployment = Deployment(plan, on: profile)
        let report = DeploymentReport(deployment, contract: plan.contract.name)
        Output.line(report.text)
        if let json { try OutputFile.write(JSONOutput.bytes(report), to: json) }
        if let html {
            let page = DeploymentPage(deployment, plan, report, model: Self.stem(model)).html(language)
            try OutputFile.write(Array(page.utf8), to: html)
            Output.error("page -> \(html)")
        }
        guard deployment.tooLarge.isEmpty else { throw DoesNotFit(deployment.tooLarge, profile) }
    }

    private static func path(beside model: String) -> String { stem(model) + ".mwplan" }

    private static func stem(_ model: String) -> String {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
}

/// Layers of which not even the smallest piece has room beside a chip's multipliers.
private struct DoesNotFit: Error, CustomStringConvertible {
    let description: String

    init(_ layers: [Deployment.Layer], _ profile: ChipProfile) {
        let lines = layers.map { layer in
            guard case .tooLarge(let need, let have) = layer.tiling else { return "" }
            return
                "layer \(layer.number) \(layer.name): the smallest tile needs \(need) bytes, \(profile.id) has \(have)"
        }
        description = "the model does not fit \(profile.id): " + lines.joined(separator: "; ")
    }
}
