import Plant
import Plots

/// What int8 costs in one layer of a network.
struct LayerRow {
    /// In the order of computation.
    var number: Int
    var name: String
    var operation: String
    var shape: [Int]
    /// Signal to noise with all layers before, and of the layer alone; nil where there is no difference.
    var decibels: Double?
    var ownDecibels: Double?

    static func words(_ decibels: Double?) -> String { decibels.map { Format.fixed($0, 1) } ?? "exact" }
}

extension Page {
    /// A plot of all layers in order, and a table that begins with the worst.
    mutating func layers(_ layers: [LayerRow]) {
        heading(LocalizedText(english: "Signal to noise", chinese: "信噪比"))
        figure { LayerRow.plot(layers, $0).svg() }
        paragraph(
            LocalizedText(
                english: "The float model's results against their difference from the int8 ones, on the calibration "
                    + "inputs: with all that came before, and for the layer alone.",
                chinese: "在校准输入上，以浮点结果相对其与 int8 结果之差计算：一为累积到该层，一为该层自身。"))
        heading(LocalizedText(english: "Worst layers first", chinese: "误差最大的层在前"))
        let worst = layers.sorted { ($0.decibels ?? .infinity, $0.number) < ($1.decibels ?? .infinity, $1.number) }
        table(
            [
                LocalizedText(english: "layer", chinese: "层"), LocalizedText(english: "operation", chinese: "运算"),
                LocalizedText(english: "shape", chinese: "形状"), LocalizedText(english: "s/n, dB", chinese: "信噪比 (dB)"),
                LocalizedText(english: "own, dB", chinese: "自身 (dB)"), LocalizedText(english: "name", chinese: "名称"),
            ],
            worst.map { layer in
                [
                    "\(layer.number)", layer.operation, layer.shape.map(String.init).joined(separator: "x"),
                    LayerRow.words(layer.decibels), LayerRow.words(layer.ownDecibels), layer.name,
                ]
            })
    }
}

extension LayerRow {
    fileprivate static func plot(_ layers: [LayerRow], _ language: Language) -> LinePlot {
        let isChinese = language == .chinese
        let ordered = layers.sorted { $0.number < $1.number }
        func points(_ value: (LayerRow) -> Double?) -> [(x: Double, y: Double)] {
            ordered.map { (Double($0.number), value($0) ?? .nan) }
        }
        return LinePlot(
            title: isChinese ? "各层信噪比" : "Signal to noise of each layer",
            xLabel: isChinese ? "层（按计算顺序）" : "layer, in the order of computation",
            yLabel: "dB",
            series: [
                .init(name: isChinese ? "累积" : "with all before", color: "#b3261e", points: points(\.decibels)),
                .init(name: isChinese ? "自身" : "alone", color: "#1f6feb", points: points(\.ownDecibels)),
            ])
    }
}
