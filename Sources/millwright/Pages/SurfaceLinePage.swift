import AssemblyLine
import FoundationEssentials
import Plant
import Plots

extension SurfaceInspectionReport {
    var receipt: String { "\(receiptCases) \(receiptCases == 1 ? "case" : "cases") proved" }
}

/// What the line for a network that looks at parts has made, as a page.
struct SurfaceLinePage {
    let report: SurfaceInspectionReport
    /// A PNG: pictures, what the network says of them, what was drawn.
    let sheet: [UInt8]

    func html(_ language: Language) -> String {
        var page = Page(
            title: LocalizedText(english: "A network that looks at parts", chinese: "检测工件的网络"), language: language)
        page.facts(facts)
        page.heading(LocalizedText(english: "Drawn pictures that it never saw", chinese: "训练中未见过的合成图像"))
        page.paragraph(
            LocalizedText(
                english:
                    "In each three rows: the pictures; how much each place looks like a defect on any surface; what "
                    + "was drawn (red line, green pit, blue region, yellow foreign, grey where nobody can say).",
                chinese: "每三行为一组：图像；各处在任何表面上看起来像缺陷的程度；实际画出的缺陷（红：线，绿：坑，蓝：区域，黄：异物，灰：无法判断）。"))
        let picture =
            "<img alt=\"\" style=\"width:100%\" src=\"data:image/png;base64,\(Data(sheet).base64EncodedString())\">"
        page.figure { _ in picture }
        page.heading(LocalizedText(english: "What it tells apart", chinese: "区分能力"))
        page.table(
            [
                LocalizedText(english: "places of a defect against good ones", chinese: "缺陷处与良好处"),
                LocalizedText(english: "AUROC", chinese: "AUROC"),
            ], report.looks.sorted { $0.key < $1.key }.map { [$0.key, Format.fixed($0.value, 3)] })
        page.table(
            [
                LocalizedText(english: "site, fitted on good pictures", chinese: "现场（只用合格件拟合）"),
                LocalizedText(english: "pictures", chinese: "整图 AUROC"),
                LocalizedText(english: "places", chinese: "各处 AUROC"),
            ],
            zip(report.sitePictures, report.sitePlaces).enumerated().map { number, pair in
                ["\(number + 1)", Format.fixed(pair.0, 3), Format.fixed(pair.1, 3)]
            })
        page.heading(LocalizedText(english: "Training", chinese: "训练"))
        page.figure { losses($0).svg() }
        page.figure { distilled($0).svg() }
        page.layers(
            report.layers.enumerated().map { number, layer in
                .init(
                    number: number + 1, name: layer.name, operation: layer.operation, shape: layer.shape,
                    decibels: layer.decibels, ownDecibels: layer.ownDecibels)
            })
        return page.html()
    }

    private var facts: [(name: LocalizedText, value: String)] {
        [
            (LocalizedText(english: "pack", chinese: "方案包"), "\(report.pack), seed \(report.seed)"),
            (
                LocalizedText(english: "plan", chinese: "执行计划"),
                "\(report.modelBytes) bytes, sha256 \(report.modelDigest)"
            ),
            (LocalizedText(english: "in real numbers", chinese: "浮点网络"), "sha256 \(report.exportedDigest)"),
            (LocalizedText(english: "receipt", chinese: "回执"), report.receipt),
            (
                LocalizedText(english: "layers compared on", chinese: "逐层比较所用图像数"),
                "\(report.comparedPictures) pictures"
            ),
        ]
    }

    private func losses(_ language: Language) -> LinePlot {
        let (looks, memory) = language == .chinese ? ("按外观", "按记忆") : ("by looks", "by memory")
        return plot(
            language, LocalizedText(english: "Loss of the training", chinese: "训练损失"),
            steps: report.history.map(\.step),
            (looks, report.history.map(\.looks)), (memory, report.history.map(\.memory)))
    }

    private func distilled(_ language: Language) -> LinePlot {
        let (taught, kept) = language == .chinese ? ("教师网络的回答", "原有的回答") : ("what others see", "what it said before")
        return plot(
            language, LocalizedText(english: "Loss of learning from others", chinese: "蒸馏损失"),
            steps: report.distilled.map(\.step), (taught, report.distilled.map(\.taught)),
            (kept, report.distilled.map(\.kept)))
    }

    private func plot(
        _ language: Language, _ title: LocalizedText, steps: [Int], _ first: (name: String, values: [Double]),
        _ second: (name: String, values: [Double])
    ) -> LinePlot {
        func points(_ values: [Double]) -> [(x: Double, y: Double)] { zip(steps, values).map { (Double($0), $1) } }
        return LinePlot(
            title: title[language], xLabel: language == .chinese ? "步" : "step",
            yLabel: language == .chinese ? "损失" : "loss",
            series: [
                .init(name: first.name, color: "#b3261e", points: points(first.values)),
                .init(name: second.name, color: "#1f6feb", points: points(second.values)),
            ])
    }
}
