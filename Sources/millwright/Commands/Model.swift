import ArgumentParser
import Graph
import Kernels
import Runtime
import Scoring
import Signals
import Store
import Trust

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Look into a model file, and prove it on this machine.",
        subcommands: [Info.self, Verify.self])

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a plan's layers, its card and its digest.")

        @Argument(help: "The model.", completion: .file(extensions: ["mwplan"]))
        var file: String

        @Flag(help: "Print the model card as JSON.")
        var json = false

        func run() throws {
            let mapped = try MappedFile(path: file)
            // The plan looks into the mapping, which must outlive it.
            try withExtendedLifetime(mapped) { try show(try Plan(bytes: mapped.bytes)) }
        }

        private func show(_ plan: Plan) throws {
            let card = try ModelCard(json: plan.card)
            if json { return try JSONOutput.print(card) }
            Output.line(plan.listing)
            Output.line(
                Format.table([
                    ["digest", try Digest.ofFile(file).digest.hex], ["name", "\(card.name) \(card.version)"],
                    ["pack", card.pack],
                    ["window", "\(card.window.samples) samples at \(Format.fixed(card.window.rateHertz, 0)) Hz"],
                    ["speed", "\(Format.fixed(card.speed.lowest, 0)) to \(Format.fixed(card.speed.highest, 0)) rpm"],
                    ["threshold", Format.fixed(card.threshold, 4)], ["trained on", "\(card.trainingWindows) windows"],
                    ["seed", "\(card.seed)"],
                ]))
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a model's receipt on this machine's kernels and compare bit for bit.")

        @Argument(help: "The model.", completion: .file(extensions: ["mwplan"]))
        var file: String

        func run() throws {
            try ModelProof.prove(path: file)
            let mapped = try MappedFile(path: file)
            let cases = try withExtendedLifetime(mapped) { try Plan(bytes: mapped.bytes).receipt?.cases.count ?? 0 }
            Output.line("\(file): proved, \(cases) cases equal on \(KernelSet.best.fullyConnected.isa)")
        }
    }
}
