import Accelerators
import ArgumentParser
import Graph
import Kernels
import Profiles
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

    @OptionGroup var chip: ProfileChoice

    @OptionGroup var accelerator: AcceleratorOptions

    @OptionGroup var choice: KernelOptions

    @Flag(help: "Print the table as JSON; only with --vectors.")
    var json = false

    func validate() throws {
        guard (file == nil) != (vectors == nil) else {
            throw ValidationError("expected a plan or --vectors DIR, found \(file == nil ? "neither" : "both")")
        }
        guard accelerator.accelerator == nil || (file != nil && chip.profile != nil) else {
            throw ValidationError("--accelerator: expected a plan and --profile with it")
        }
        guard accelerator.accelerator != nil || chip.profile == nil else {
            throw ValidationError(
                "--profile: expected --accelerator with it, which proves the chip's model; a plan's own receipt is the "
                    + "same for every chip")
        }
        guard !accelerator.cpuTakesOver else {
            throw ValidationError(
                "--cpu-takes-over: expected none, what the CPU computes instead proves nothing of the accelerator")
        }
        guard !json || vectors != nil else { throw ValidationError("--json: expected --vectors DIR with it") }
    }

    func run() throws {
        let profile = try chip.load()
        let kernels = try choice.kernels()
        if let file { try prove(file, kernels, profile) }
        guard let vectors else { return }
        let rows = try ModelVerifyVectors.rows(directory: vectors, kernels: kernels, threads: 1)
        if json { try JSONOutput.print(rows) } else { Output.line(ModelVerifyVectors.table(rows)) }
        let summary = ModelVerifyVectors.summary(rows)
        if json { Output.error(summary) } else { Output.line(summary) }
        guard rows.allSatisfy(\.passed) else { throw ExitCode.failure }
    }

    private func prove(_ file: String, _ kernels: KernelSet, _ profile: ChipProfile?) throws {
        let mapped = try MappedFile(path: file)
        let cases = try withExtendedLifetime(mapped) {
            let plan = try Plan(bytes: mapped.bytes)
            try profile?.check(plan.contract.name, path: file)
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
            guard let accelerated = try accelerator.open(model, path: file, chip: profile?.id) else { return }
            if let reason = accelerated.session.reason { throw reason }
            Output.line("\(file): proved by \(accelerated.words)")
        }
    }
}
