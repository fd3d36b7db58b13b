import ArgumentParser
import Compiler
import Graph
import Store

struct ModelQuantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Make an int8 plan of a float model, from inputs like those it will see.",
        discussion: """
            Calibration inputs are .npy files: PATH is one, or a folder of which all are taken in the order of their \
            names; each holds one input or N of them stacked along the first dimension. Of a model with several inputs, \
            give NAME=PATH for each.

            Elements of any type are taken as the numbers they are, unless --scale and --offset say what they stand \
            for: real = scale * (element - offset). Pictures of bytes for a model that takes 0...1: \
            --scale 0.00392156862745098.

            With --profile the numbers get the forms that the chip's vendor uses (zero points or none, a scale a channel \
            or one), and the plan the chip's contract; --contract is not asked for then.

            A hundred inputs that show all that the model will meet are usually enough. The plan takes int8 inputs, at \
            the scale that is printed, or float32 with --float-doors. The layers are compared on the calibration \
            inputs: "s/n" is the float model's result against its difference from the int8 one, in decibels, with all \
            that came before; "own" is the layer's part alone. Below 10 dB or so a layer is worth looking at.

            With --labels the top-1 accuracy of both is measured on the inputs of --evaluation, or on the calibration \
            inputs where none are given, which flatters.
            """)

    @Argument(help: "The float model: .onnx or .tflite.", completion: .file(extensions: ["onnx", "tflite"]))
    var model: String

    @Option(help: "Calibration inputs: PATH, or NAME=PATH where the model has several inputs.")
    var calibration: [String]

    @Option(
        help: """
            How ranges are chosen: minmax (all that was seen), percentile (all but a few), mse (least squared error), \
            entropy (least loss of information).
            """)
    var method = MethodName.mse

    @Option(help: "Percent of the numbers that --method percentile keeps, above 50 and at most 100.")
    var percentile = 99.99

    @Option(help: "What elements of the .npy files are multiplied by, once the offset is taken off.")
    var scale: Float = 1

    @Option(help: "What is taken off elements of the .npy files first.")
    var offset: Float = 0

    @Option(help: "Inputs that accuracy is measured on, as for --calibration; not those of the calibration.")
    var evaluation: [String] = []

    @Option(
        help: "Right answers: a .csv with a heading, a line an input in the same order.",
        completion: .file(extensions: ["csv"]))
    var labels: String?

    @Option(help: "The column of --labels that holds the class, 0 and up.")
    var labelColumn = "label"

    @Option(help: "Folder for quantization.json and a page with a plot in two languages.")
    var report: String?

    @Option(help: "Where the plan goes; the model's name with .int8.mwplan unless given.")
    var output: String?

    @Option(help: "Numeric contract: \(Contracts.all.map { $0.name }.joined(separator: ", ")).")
    var contract: String?

    @OptionGroup var chip: ProfileChoice

    @Option(help: "Golden inputs in the plan's receipt, made from a seed; 0 for none.")
    var receipt = 2

    @Flag(inversion: .prefixedNo, help: "Balance the channels of neighbouring layers first.")
    var equalization = true

    @Flag(inversion: .prefixedNo, help: "Take each layer's mean error out of its bias.")
    var biasCorrection = true

    @Flag(help: "Real numbers at the plan's inputs and outputs; int8 within.")
    var floatDoors = false

    @Flag(help: "Print as JSON.")
    var json = false

    enum MethodName: String, ExpressibleByArgument, CaseIterable {
        case minmax, percentile, mse, entropy
    }

    func validate() throws {
        guard (0...64).contains(receipt) else { throw ValidationError("--receipt: expected 0 to 64, found \(receipt)") }
        guard percentile > 50, percentile <= 100 else {
            throw ValidationError("--percentile: expected above 50 and at most 100, found \(percentile)")
        }
        guard scale.isFinite, scale != 0, offset.isFinite else {
            throw ValidationError("--scale, --offset: expected finite numbers, a scale that is not 0")
        }
        if labels == nil, !evaluation.isEmpty {
            throw ValidationError("--evaluation: expected --labels with it, to know what is right")
        }
        if let contract, !Contracts.all.contains(where: { $0.name == contract }) {
            let known = Contracts.all.map { $0.name }.joined(separator: ", ")
            throw ValidationError("--contract: expected one of \(known), found \(contract)")
        }
        guard contract == nil || chip.profile == nil else {
            throw ValidationError("--contract, --profile: expected one of them, a profile has a contract")
        }
    }

    func run() throws {
        let mapped = try MappedFile(path: model)
        let imported = try withExtendedLifetime(mapped) {
            try Importers.model(from: Array(mapped.bytes), fileName: model)
        }
        let reader = ModelQuantizeInputs(model: imported, scale: scale, offset: offset)
        let samples = try reader.samples(calibration, "--calibration")
        var judged = samples
        if !evaluation.isEmpty { judged = try reader.samples(evaluation, "--evaluation") }
        let answers = try labels.map { path in
            try ModelQuantizeAccuracy.labels(path, column: labelColumn, count: judged.count)
        }

        let profile = try chip.load()
        let contract = contract ?? profile?.planContract ?? ModelFile.usualContract
        var options = options
        if let profile {
            options.scheme = Quantizer.Scheme(profile)
            Output.error("\(profile.contractWords); \(options.scheme.words)")
        }
        let progress = ModelQuantizeProgress()
        let outcome = try Quantizer(options).quantize(imported, samples: samples) { progress.show($0, $1, $2) }
        let bytes = try plan(of: outcome, contract)
        let path = output ?? Self.path(beside: model)
        try OutputFile.write(bytes, to: path)

        let comparison = try ModelQuantizeAccuracy.compare(
            float: imported, plan: path, contract: contract, samples: judged, labels: answers)
        let result = ModelQuantizeReport(
            self, outcome, comparison, contract: contract, scheme: profile == nil ? nil : options.scheme,
            calibrationInputs: samples.count, plan: path, bytes: bytes.count)
        if let report { try result.write(to: report) }
        if json { return try JSONOutput.print(result) }
        Output.line(result.text)
    }

    private var options: Quantizer.Options {
        var options = Quantizer.Options()
        options.method =
            switch method {
            case .minmax: .minmax
            case .percentile: .percentile(percentile)
            case .mse: .meanSquaredError
            case .entropy: .entropy
            }
        options.equalizes = equalization
        options.correctsBias = biasCorrection
        options.hasFloatDoors = floatDoors
        return options
    }

    private func plan(of outcome: Quantizer.Outcome, _ contract: String) throws -> [UInt8] {
        var builder = try Lowering.plan(outcome.model, contract: contract)
        if receipt > 0 { builder.attach(receipt: try ReceiptMaker.receipt(builder, cases: receipt)) }
        return try builder.encode()
    }

    private static func path(beside model: String) -> String {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        return stem + ".int8.mwplan"
    }
}

/// Says on standard error how far the work is: each stage once it begins, and every tenth of it.
private final class ModelQuantizeProgress {
    private var shown = ""

    func show(_ stage: Quantizer.Stage, _ done: Int, _ total: Int) {
        let tenths = total > 0 ? done * 10 / total : 10
        let text = "\(stage.words): \(tenths * 10) %"
        guard text != shown else { return }
        shown = text
        Output.error(text)
    }
}

extension Quantizer.Stage {
    fileprivate var words: String {
        switch self {
        case .equalizing: "equalizing channels"
        case .ranges: "ranges of values"
        case .histograms: "counting values"
        case .layers: "comparing layers"
        }
    }
}
