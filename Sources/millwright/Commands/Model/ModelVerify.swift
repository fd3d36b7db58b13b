import ArgumentParser
import Graph
import Kernels
import Store

struct ModelVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Run a plan's receipt on this machine's kernels and compare bit for bit.")

    @Argument(help: "The plan.", completion: .file(extensions: ["mwplan"]))
    var file: String

    func run() throws {
        try ModelProof.prove(path: file)
        let mapped = try MappedFile(path: file)
        let cases = try withExtendedLifetime(mapped) { try Plan(bytes: mapped.bytes).receipt?.cases.count ?? 0 }
        Output.line("\(file): proved, \(cases) cases equal on \(KernelSet.best.isa)")
    }
}
