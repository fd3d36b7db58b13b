import Plant
import Plots

/// One model on every chip, to look at: time, energy, accuracy, and the whole table.
struct ComparePage {
    let rows: [ProfilesCompare.Row]
    let model: String
    /// Under fp32; nil without labels.
    let referenceTop1: Double?

    private static let colors = (known: "#3366cc", atLeast: "#9aa0a6")

    func html(_ language: Language) -> String {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        var page = Page(
            title: .init(english: "\(name) on every chip", chinese: "各芯片上的 \(name)"), language: language)
        page.paragraph(
            .init(
                english:
                    "Reckoned from the chips' profiles alone; no board was asked. A grey bar is a time or energy that "
                    + "the chip takes at least: something that takes time has no figure. One core, one inference.",
                chinese: "仅由芯片档案推算，未经任何开发板验证。灰色表示下限：有环节缺少数据，实际不会更少。单核、单次推理。"))
        bars(
            &page, .init(english: "Time of an inference", chinese: "单次推理用时"),
            .init(english: "microseconds, logarithmic", chinese: "微秒（对数坐标）"), decimals: 0
        ) { $0.milliseconds.map { $0 * 1e3 } }
        bars(
            &page, .init(english: "Energy of an inference", chinese: "单次推理能耗"),
            .init(english: "microjoules, logarithmic", chinese: "微焦（对数坐标）"), decimals: 0
        ) { $0.millijoules.map { $0 * 1e3 } }
        accuracy(&page)
        page.heading(.init(english: "All chips", chinese: "全部芯片"))
        let english = ProfilesCompare.Row.head(hasTop1: referenceTop1 != nil)
        let chinese = [
            "芯片", "可信程度", "数值约定", "能否放入", "NPU 周期", "微秒", "毫焦", "DRAM", "利用率", "在 CPU 上", "切换",
            referenceTop1 != nil ? "准确率" : "与 fp32 相同",
        ]
        page.table(
            zip(english, chinese).map { .init(english: $0, chinese: $1) },
            rows: rows.map { $0.cells.map(ChipWords.cell) }, isWide: true)
        if let note = ProfilesCompare.Row.note(rows) { page.paragraph(note) }
        return page.html()
    }

    private func bars(
        _ page: inout Page, _ title: LocalizedText, _ label: LocalizedText, decimals: Int,
        _ value: (ProfilesCompare.Row) -> Double?
    ) {
        let known = rows.compactMap { row in value(row).map { (row: row, value: $0) } }.filter { $0.value > 0 }
            .sorted { $0.value < $1.value }
        page.heading(title)
        guard !known.isEmpty else {
            page.paragraph(.init(english: "No profile has what it takes.", chinese: "没有档案提供所需数据。"))
            return
        }
        page.figure { language in
            let blocks = known.enumerated().map { index, bar in
                let digits = bar.value < 1 ? 3 : bar.value < 10 ? 2 : bar.value < 100 ? 1 : decimals
                return BlockPlot.Block(
                    x: 0...bar.value, y: Double(index) + 0.1...Double(index) + 0.9,
                    color: bar.row.is_at_least ? Self.colors.atLeast : Self.colors.known,
                    name: "\(bar.row.profile): \(bar.row.reach)",
                    label: (bar.row.is_at_least ? ">= " : "") + Format.fixed(bar.value, digits))
            }
            return BlockPlot(
                title: "", xLabel: label[language], xScale: .logarithmic, side: .rows(known.map(\.row.profile)),
                blocks: blocks,
                legend: [
                    (language == .chinese ? "估算" : "estimate", Self.colors.known),
                    (language == .chinese ? "下限" : "at least", Self.colors.atLeast),
                ]
            ).svg(height: known.count * 20 + 80)
        }
    }

    /// By contract, because all chips that share one compute the same.
    private func accuracy(_ page: inout Page) {
        var contracts: [(name: String, share: Double, chips: [String], isBeyond: Bool)] = []
        for row in rows {
            guard let contract = row.contract, let share = row.top1 ?? row.equal_to_fp32 else { continue }
            if let index = contracts.firstIndex(where: { $0.name == contract }) {
                contracts[index].chips.append(row.profile)
                contracts[index].isBeyond = contracts[index].isBeyond || !row.beyond_contract.isEmpty
            } else {
                contracts.append((contract, share, [row.profile], !row.beyond_contract.isEmpty))
            }
        }
        guard !contracts.isEmpty else { return }
        page.heading(.init(english: "Accuracy by contract", chinese: "各数值约定的准确率"))
        if let referenceTop1 {
            let percent = Format.fixed(referenceTop1 * 100, 2)
            page.paragraph(
                .init(
                    english:
                        "Share of the given inputs whose largest output is the right class; \(percent) % under fp32.",
                    chinese: "给定输入中最大输出为正确类别的比例；fp32 下为 \(percent) %。"))
        } else {
            page.paragraph(
                .init(
                    english: "Outputs that are the same byte as under fp32. With labels this is top-1: see --labels.",
                    chinese: "与 fp32 下字节相同的输出比例。提供标签（--labels）后为 top-1 准确率。"))
        }
        page.table(
            [
                .init(english: "contract", chinese: "数值约定"), .init(english: "share", chinese: "比例"),
                .init(english: "chips", chinese: "芯片"),
            ],
            contracts.map {
                [
                    $0.name, Format.fixed($0.share * 100, 2) + " %" + ($0.isBeyond ? " *" : ""),
                    $0.chips.joined(separator: ", "),
                ]
            })
    }
}
