import Accelerators
import ArgumentParser
import Graph
import Kernels
import Runtime
import Store

struct ModelVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Run a plan's receipt, or vendors' reference vectors, on this machine's kernels and compare bit for bit.")

    @Argument(help: "The plan.", completion: .file(extensions: ["mwplan"]))
    var file: String?

    @Option(
        help: "A folder of vendors' reference vectors (.json with .npz); prints the share of equal elements a tensor.",
        completion: .directory)
    var vectors: String?

    @OptionGroup var accelerator: AcceleratorOptions

    @Option(
        help: "The chip whose model in the plan --accelerator proves: a name that `millwright profiles list` prints.")
    var profile: String?

    @OptionGroup var choice: KernelOptions

    @Flag(help: "Print the table as JSON; only with --vectors.")
    var json = false

    func validate() throws {
        guard (file == nil) != (vectors == nil) else {
            throw ValidationError("expected a plan or --vectors DIR, found \(file == nil ? "neither" : "both")")
        }
        guard accelerator.accelerator == nil || (file != nil && profile != nil) else {
            throw ValidationError("--accelerator: expected a plan and --profile with it")
        }
        guard !json || vectors != nil else { throw ValidationError("--json: expected --vectors DIR with it") }
    }

    func run() throws {
        let kernels = try choice.kernels()
        if let file { try prove(file, kernels) }
        guard let vectors else { return }
        let rows = try ModelVerifyVectors.rows(directory: vectors, kernels: kernels, threads: 1)
        if json { try JSONOutput.print(rows) } else { Output.line(ModelVerifyVectors.table(rows)) }
        let summary = ModelVerifyVectors.summary(rows)
        if json { Output.error(summary) } else { Output.line(summary) }
        guard rows.allSatisfy(\.passed) else { throw ExitCode.failure }
    }

    private func prove(_ file: String, _ kernels: KernelSet) throws {
        let mapped = try MappedFile(path: file)
        let cases = try withExtendedLifetime(mapped) {
            let plan = try Plan(bytes: mapped.bytes)
            if plan.card.isEmpty {
                try Session(plan: plan, keeping: mapped, kernels: kernels).proveReceipt()
            } else {
                // What a daemon asks of a model before it activates it: the card too.
                try ModelProof.prove(path: file)
            }
            return plan.receiptCases
        }
        Output.line("\(file): proved, \(cases) cases equal on \(kernels.isa)")
        if accelerator.accelerator != nil {
            let options = ModelFile.Options(contract: ModelFile.usualContract, kernels: kernels, threads: 1)
            let model = try ModelFile(path: file, options)
            guard let accelerated = try accelerator.open(model, path: file, chip: profile) else { return }
            if let reason = accelerated.session.reason { throw reason }
            Output.line("\(file): proved by \(accelerated.words)")
        }
    }
}
