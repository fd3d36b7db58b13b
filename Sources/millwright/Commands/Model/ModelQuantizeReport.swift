import Compiler
import FoundationEssentials
import Glibc
import Plant
import Plots

/// What quantizing did to a model: for people, for programs, and as a page.
struct ModelQuantizeReport: Encodable {
    struct Port: Encodable {
        var name: String
        var type: String
        var shape: [Int]
        var scale: Float?
        var zero_point: Int32?
    }
    struct Pair: Encodable {
        var first: String
        var second: String
        var reason: String?
    }
    struct Layer: Encodable {
        /// In the order of computation.
        var number: Int
        var name: String
        var operation: String
        var shape: [Int]
        var snr_db: Double?
        var own_snr_db: Double?
    }
    struct Accuracy: Encodable {
        var inputs: Int
        var float_top1: Double
        var int8_top1: Double
        /// Share with the same largest output, right or wrong.
        var agreement: Double
        var on_calibration_inputs: Bool
    }

    let model: String
    let plan: String
    let bytes: Int
    let contract: String
    /// The chip it was made for, and the forms that it wants.
    let profile: String?
    let scheme: String?
    let method: String
    let equalization: Bool
    let bias_correction: Bool
    let calibration_inputs: Int
    /// Inputs that layers were compared on.
    let compared_inputs: Int
    let inputs: [Port]
    let outputs: [Port]
    let equalized_pairs: Int
    let skipped_pairs: [Pair]
    /// Worst first.
    let layers: [Layer]
    let output_snr_db: Double?
    let accuracy: Accuracy?

    init(
        _ command: ModelQuantize, _ outcome: Quantizer.Outcome, _ comparison: ModelQuantizeAccuracy,
        contract: String, scheme: Quantizer.Scheme?, calibrationInputs: Int, plan: String, bytes: Int
    ) {
        model = command.model
        self.plan = plan
        self.bytes = bytes
        self.contract = contract
        profile = command.chip.profile
        self.scheme = scheme?.words
        let isPercentile = command.method == .percentile
        method = command.method.rawValue + (isPercentile ? " \(command.percentile)" : "")
        equalization = command.equalization
        bias_correction = command.biasCorrection
        calibration_inputs = calibrationInputs
        compared_inputs = outcome.comparedSamples
        inputs = outcome.model.inputs.map { Port(outcome.model[$0]) }
        outputs = outcome.model.outputs.map { Port(outcome.model[$0]) }
        equalized_pairs = outcome.pairs.count { $0.reasonSkipped == nil }
        skipped_pairs = outcome.pairs.filter { $0.reasonSkipped != nil }
            .map { Pair(first: $0.first, second: $0.second, reason: $0.reasonSkipped) }
        layers = outcome.layers.enumerated().map { number, layer in
            Layer(
                number: number + 1, name: layer.name, operation: layer.operation, shape: layer.shape,
                snr_db: layer.decibels, own_snr_db: layer.ownDecibels)
        }.sorted { ($0.snr_db ?? .infinity, $0.number) < ($1.snr_db ?? .infinity, $1.number) }
        output_snr_db = comparison.outputDecibels
        accuracy = comparison.top1.map {
            let share = 100 / Double(max(comparison.inputs, 1))
            return Accuracy(
                inputs: comparison.inputs, float_top1: Double($0.float) * share, int8_top1: Double($0.int8) * share,
                agreement: Double($0.agreed) * share, on_calibration_inputs: command.evaluation.isEmpty)
        }
    }

    // MARK: For people

    var text: String {
        var parts = [Format.table([["layer", "operation", "shape", "s/n dB", "own dB", "name"]] + layerRows), ""]
        if !skipped_pairs.isEmpty {
            parts += [
                Format.table(skipped_pairs.map { ["not equalized", "\($0.first) -> \($0.second)", $0.reason ?? ""] }),
                "",
            ]
        }
        parts.append(Format.table(facts.map { [$0.name.english, $0.value] }))
        return parts.joined(separator: "\n")
    }

    private var layerRows: [[String]] {
        layers.map { layer in
            [
                "\(layer.number)", layer.operation, layer.shape.map(String.init).joined(separator: "x"),
                LayerRow.words(layer.snr_db), LayerRow.words(layer.own_snr_db), layer.name,
            ]
        }
    }

    private var facts: [(name: LocalizedText, value: String)] {
        var rows = [
            (LocalizedText(english: "model", chinese: "模型"), model),
            (LocalizedText(english: "plan", chinese: "执行计划"), "\(plan), \(bytes) bytes, contract \(contract)"),
            (LocalizedText(english: "method", chinese: "量程方法"), method),
            (LocalizedText(english: "calibration inputs", chinese: "校准输入数"), "\(calibration_inputs)"),
            (LocalizedText(english: "equalized pairs", chinese: "已均衡的层对"), "\(equalized_pairs)"),
        ]
        if compared_inputs < calibration_inputs {
            rows.append(
                (LocalizedText(english: "layers compared on", chinese: "逐层比较所用输入数"), "\(compared_inputs)"))
        }
        rows += inputs.map { (LocalizedText(english: "input", chinese: "输入"), $0.words) }
        rows += outputs.map { (LocalizedText(english: "output", chinese: "输出"), $0.words) }
        rows.append(
            (
                LocalizedText(english: "output, plan against float", chinese: "输出信噪比（计划对浮点）"),
                LayerRow.words(output_snr_db) + (output_snr_db == nil ? "" : " dB")
            ))
        guard let accuracy else { return rows }
        func percent(_ share: Double) -> String { "\(Format.fixed(share, 2)) %" }
        return rows + [
            (
                LocalizedText(english: "accuracy measured on", chinese: "准确率测量输入"),
                "\(accuracy.inputs) inputs"
                    + (accuracy.on_calibration_inputs ? ", the calibration's own: it flatters" : "")
            ),
            (LocalizedText(english: "top-1, float", chinese: "Top-1（浮点）"), percent(accuracy.float_top1)),
            (LocalizedText(english: "top-1, int8", chinese: "Top-1（int8）"), percent(accuracy.int8_top1)),
            (LocalizedText(english: "same answer", chinese: "结果一致"), percent(accuracy.agreement)),
        ]
    }

    // MARK: Files

    /// `quantization.json`, `report.html` and a page that opens in each language.
    func write(to directory: String) throws {
        if mkdir(directory, 0o755) != 0, errno != EEXIST {
            throw OutputFileError(path: directory, reason: String(cString: strerror(errno)))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try OutputFile.write(Array(try encoder.encode(self)), to: "\(directory)/quantization.json")
        for language in Language.allCases {
            try OutputFile.write(Array(page(language).html().utf8), to: "\(directory)/report.\(language.rawValue).html")
        }
        try OutputFile.write(Array(page(.english).html().utf8), to: "\(directory)/report.html")
    }

    private func page(_ language: Language) -> Page {
        var page = Page(
            title: LocalizedText(english: "From float to int8, layer by layer", chinese: "从浮点到 int8：逐层对比"),
            language: language)
        page.facts(facts)
        page.layers(
            layers.map {
                .init(
                    number: $0.number, name: $0.name, operation: $0.operation, shape: $0.shape, decibels: $0.snr_db,
                    ownDecibels: $0.own_snr_db)
            })
        if !skipped_pairs.isEmpty {
            page.heading(LocalizedText(english: "Not equalized", chinese: "未均衡的层对"))
            page.table(
                [
                    LocalizedText(english: "first", chinese: "前层"), LocalizedText(english: "second", chinese: "后层"),
                    LocalizedText(english: "why", chinese: "原因"),
                ], skipped_pairs.map { [$0.first, $0.second, $0.reason ?? ""] })
        }
        return page
    }
}

extension ModelQuantizeReport.Port {
    init(_ value: Value) {
        let quantization = value.quantization
        self.init(
            name: value.name, type: value.type.rawValue, shape: value.shape, scale: quantization?.scales.first,
            zero_point: quantization?.zeroPoints.first)
    }

    fileprivate var words: String {
        let size = shape.map(String.init).joined(separator: "x")
        let zero = zero_point ?? 0
        let stands = scale.map { ", real = \($0) * (element \(zero < 0 ? "+" : "-") \(abs(zero)))" } ?? ""
        return "\(name): \(type) \(size)\(stands)"
    }
}
