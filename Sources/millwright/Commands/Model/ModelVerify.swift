import ArgumentParser
import Graph
import Kernels
import Runtime
import Store

struct ModelVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Run a plan's receipt on this machine's kernels and compare bit for bit.")

    @Argument(help: "The plan.", completion: .file(extensions: ["mwplan"]))
    var file: String

    func run() throws {
        let mapped = try MappedFile(path: file)
        let cases = try withExtendedLifetime(mapped) {
            let plan = try Plan(bytes: mapped.bytes)
            if plan.card.isEmpty {
                try Session(plan: plan, keeping: mapped).proveReceipt()
            } else {
                // What a daemon asks of a model before it activates it: the card too.
                try ModelProof.prove(path: file)
            }
            return plan.receiptCases
        }
        Output.line("\(file): proved, \(cases) cases equal on \(KernelSet.best.isa)")
    }
}
