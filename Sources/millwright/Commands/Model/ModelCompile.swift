import ArgumentParser
import Compiler
import Graph
import Runtime
import Store

struct ModelCompile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Make a plan of a .tflite or .onnx model.",
        discussion: "A plan is opened where it lies, in milliseconds, and carries a receipt that proves each machine.")

    @Argument(help: "The model: .tflite or .onnx.", completion: .file())
    var model: String

    @Option(help: "Where the plan goes; the model's name with .mwplan unless given.")
    var output: String?

    @Option(help: "Numeric contract: \(Contracts.all.map { $0.name }.joined(separator: ", ")).")
    var contract = ModelFile.usualContract

    @Option(help: "Golden inputs in the plan's receipt, made from a seed; 0 for none.")
    var receipt = 2

    @Flag(help: "Print the passes, the model as they leave it, the plan, and its memory.")
    var listing = false

    func validate() throws {
        guard (0...64).contains(receipt) else { throw ValidationError("--receipt: expected 0 to 64, found \(receipt)") }
    }

    func run() throws {
        let mapped = try MappedFile(path: model)
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
        if listing {
            withExtendedLifetime(memory) {
                Output.line(plan.listing)
                Output.line(plan.arenaListing)
            }
        }
        Output.line("\(path): \(bytes.count) bytes, \(plan.operators.count) steps, contract \(contract)")
    }

    private static func path(beside model: String) -> String {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        return stem + ".mwplan"
    }
}
