import ArgumentParser
import Compiler
import Graph
import Scoring
import Signals
import Store
import Trust

struct ModelInfo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Print what a model file is and computes.",
        discussion: "Of a plan its steps, its card and its digest; of another format its inputs, outputs and layers.")

    @Argument(help: "The model: .mwplan, .tflite or .onnx.", completion: .file())
    var file: String

    @Flag(help: "Print as JSON: a plan's card, or the tensors and operators of another format.")
    var json = false

    private struct Summary: Encodable {
        struct Port: Encodable {
            var name: String
            var type: String
            var shape: [Int]
        }
        var name: String
        var inputs: [Port]
        var outputs: [Port]
        var operations: [String: Int]
        var macs: Int
        var constant_bytes: Int
        var sha256: String
    }

    func run() throws {
        let mapped = try MappedFile(path: file)
        // A plan looks into the mapping, which must outlive it.
        try withExtendedLifetime(mapped) {
            if mapped.bytes.starts(with: PlanFormat.magic) {
                try show(try Plan(bytes: mapped.bytes))
            } else {
                try show(try Importers.model(from: Array(mapped.bytes), fileName: file))
            }
        }
    }

    private func show(_ plan: Plan) throws {
        let card = plan.card.isEmpty ? nil : try ModelCard(json: plan.card)
        if json {
            guard let card else {
                throw ValidationError("\(file): expected a card to print as JSON, found a plan without one")
            }
            return try JSONOutput.print(card)
        }
        Output.line(plan.listing)
        var rows = [["digest", try Digest.ofFile(file).digest.hex]]
        if let card {
            rows += [
                ["name", "\(card.name) \(card.version)"], ["pack", card.pack],
                ["window", "\(card.window.samples) samples at \(Format.fixed(card.window.rateHertz, 0)) Hz"],
                ["speed", "\(Format.fixed(card.speed.lowest, 0)) to \(Format.fixed(card.speed.highest, 0)) rpm"],
                ["threshold", Format.fixed(card.threshold, 4)], ["trained on", "\(card.trainingWindows) windows"],
                ["seed", "\(card.seed)"],
            ]
        }
        if let fitted = plan.fitted { rows.append(["fitted on site", Format.bytes(Int64(fitted.count))]) }
        for model in plan.vendorModels {
            rows.append([
                "for \(model.chip)",
                "\(model.toolchain), \(model.interface), \(Format.bytes(Int64(model.bytes.count))); simulator against "
                    + "plan: \(model.agreement.words)",
            ])
        }
        Output.line(Format.table(rows))
    }

    private func show(_ model: Model) throws {
        guard json else {
            Output.line(model.listing)
            return Output.line(Format.table([["digest", try Digest.ofFile(file).digest.hex]]))
        }
        func ports(_ ids: [ValueID]) -> [Summary.Port] {
            ids.map { .init(name: model[$0].name, type: model[$0].type.rawValue, shape: model[$0].shape) }
        }
        var operations: [String: Int] = [:]
        for node in model.nodes { operations[type(of: node.operation).name, default: 0] += 1 }
        let constants = model.values.reduce(0) { $0 + ($1.constant == nil ? 0 : $1.elementCount * $1.type.size) }
        try JSONOutput.print(
            Summary(
                name: model.name, inputs: ports(model.inputs), outputs: ports(model.outputs), operations: operations,
                macs: model.multiplyAdds, constant_bytes: constants, sha256: try Digest.ofFile(file).digest.hex))
    }
}
