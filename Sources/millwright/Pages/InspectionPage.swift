import FoundationEssentials
import Inspection
import Pictures
import Plant
import Plots

/// What a model says of parts whose state is known, to look at: how far apart good and bad lie, which were taken for the
/// other, and where it looked.
struct InspectionPage {
    /// One part.
    struct Part {
        var file: String
        /// The folder's word: good, or the class or just bad.
        var label: String
        var isGood: Bool
        var row: InspectionRow
        /// Picture and heat map, small, as PNG; nil where there is none.
        var picture: [UInt8]?
        var heat: [UInt8]?
    }

    let model: String
    let mode: InspectionRecipe.Mode
    let parts: [Part]

    private static let colors = (good: "#2e7d32", bad: "#b3261e")
    /// Parts shown of each kind: more make a page that nobody scrolls through.
    private static let shown = 12
    /// Scores beyond this many thresholds stand in the last bar.
    private static let farthest = 3.0
    private static let bars = 30
    /// Thresholds that no part has that was not learnt from.
    private static let learntBelow = 0.005

    private var judged: [Part] { parts.filter { $0.row.score != nil } }
    private var missed: [Part] { judged.filter { !$0.isGood && $0.row.verdict == "good" } }
    /// What the memory holds as it is, so that nothing is learnt from seeing it again.
    private var learnt: Int { mode == .goodOnly ? judged.count { $0.isGood && ratio($0) < Self.learntBelow } : 0 }
    private var rejected: [Part] { judged.filter { $0.isGood && $0.row.verdict == "defect" } }

    func html(_ language: Language) -> String {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        var page = Page(
            title: .init(english: "\(name): good and bad parts", chinese: "\(name)：合格件与缺陷件"), language: language)
        summary(&page)
        histogram(&page)
        confusion(&page)
        gallery(
            &page, .init(english: "Good parts that were rejected", chinese: "被误剔除的合格件"),
            rejected.sorted { ratio($0) > ratio($1) })
        gallery(
            &page, .init(english: "Bad parts that were missed", chinese: "漏检的缺陷件"),
            missed.sorted { ratio($0) > ratio($1) })
        sides(&page)
        notJudged(&page)
        return page.html()
    }

    private func ratio(_ part: Part) -> Double { (part.row.score ?? 0) / max(part.row.threshold ?? 1, 1e-9) }

    /// A bad part that passed is what nobody wants; a good one that was rejected costs money.
    private var tone: Page.Tone {
        if !missed.isEmpty { return .alarm }
        return rejected.isEmpty && judged.count == parts.count ? .fine : .note
    }

    private func summary(_ page: inout Page) {
        let goods = judged.count { $0.isGood }
        let bads = judged.count - goods
        var lines = [
            LocalizedText(
                english: "Of \(bads) bad parts \(bads - missed.count) were found; of \(goods) good ones "
                    + "\(rejected.count) were rejected; \(parts.count - judged.count) pictures could not be judged.",
                chinese: "\(bads) 个缺陷件检出 \(bads - missed.count) 个；\(goods) 个合格件误剔除 \(rejected.count) 个；"
                    + "\(parts.count - judged.count) 张图像无法判定。")
        ]
        if learnt > 0 {
            lines.append(
                LocalizedText(
                    english: "\(learnt) of the good ones have score 0: the model was fitted with these very pictures, "
                        + "so they do not show how it does with new ones.",
                    chinese: "其中 \(learnt) 个合格件得分为 0：模型就是用这些图像拟合的，不能说明对新工件的效果。"))
        }
        page.callout(.init(english: "In short", chinese: "概要"), lines, tone: tone)
        let modes: [InspectionRecipe.Mode: LocalizedText] = [
            .template: .init(english: "comparison with a golden part", chinese: "与标准件比对"),
            .goodOnly: .init(english: "learnt from good parts alone", chinese: "仅由合格件学习"),
            .classes: .init(english: "learnt from labelled classes", chinese: "由带标签的类别学习"),
        ]
        let times = judged.map(\.row.milliseconds).sorted()
        let median = times.isEmpty ? "-" : "\(Format.fixed(times[times.count / 2], 1)) ms"
        page.facts([
            (
                .init(english: "way", chinese: "方式"),
                modes[mode] ?? .init(english: mode.rawValue, chinese: mode.rawValue)
            ),
            (
                .init(english: "a part takes, median", chinese: "单件用时（中位数）"),
                .init(english: median, chinese: median)
            ),
        ])
    }

    private func histogram(_ page: inout Page) {
        page.heading(.init(english: "Scores and the threshold", chinese: "得分与阈值"))
        page.paragraph(
            .init(
                english: "Above 1 a part is bad. The further the colours lie apart, the safer is the verdict.",
                chinese: "大于 1 判为缺陷。两种颜色相距越远，判定越可靠。"))
        let width = Self.farthest / Double(Self.bars)
        var counts = [(good: Int, bad: Int)](repeating: (0, 0), count: Self.bars)
        for part in judged {
            let bar = min(Int(ratio(part) / width), Self.bars - 1)
            if part.isGood { counts[bar].good += 1 } else { counts[bar].bad += 1 }
        }
        page.figure { language in
            let goodName = LocalizedText(english: "good", chinese: "合格")[language]
            let badName = LocalizedText(english: "bad", chinese: "缺陷")[language]
            let blocks = counts.enumerated().flatMap { bar, count -> [BlockPlot.Block] in
                let x = Double(bar) * width...Double(bar + 1) * width
                let (good, bad) = (Double(count.good), Double(count.bad))
                return [
                    good > 0
                        ? .init(x: x, y: 0...good, color: Self.colors.good, name: "\(goodName): \(count.good)") : nil,
                    bad > 0
                        ? .init(x: x, y: good...good + bad, color: Self.colors.bad, name: "\(badName): \(count.bad)")
                        : nil,
                ].compactMap { $0 }
            }
            return BlockPlot(
                title: LocalizedText(english: "Parts by score", chinese: "按得分统计的工件数")[language],
                xLabel: (judged.contains { ratio($0) >= Self.farthest }
                    ? LocalizedText(
                        english: "score in thresholds (3 and more in the last bar)", chinese: "得分与阈值之比（最后一栏为 3 及以上）")
                    : LocalizedText(english: "score in thresholds", chinese: "得分与阈值之比"))[language],
                side: .counts(label: LocalizedText(english: "parts", chinese: "件数")[language]), blocks: blocks,
                limit: (1, LocalizedText(english: "threshold", chinese: "阈值")[language]),
                legend: [(goodName, Self.colors.good), (badName, Self.colors.bad)]
            ).svg()
        }
    }

    private func confusion(_ page: inout Page) {
        page.heading(.init(english: "What each was taken for", chinese: "判定对照表"))
        let good = LocalizedText(english: "good", chinese: "合格")
        func found(_ part: Part) -> String { part.row.verdict == "good" ? "" : part.row.name ?? "defect" }
        let labels = Set(parts.map(\.label)).sorted()
        let names = Set(judged.map(found)).subtracting([""]).sorted()
        let rows = labels.map { label -> [LocalizedText] in
            let own = judged.filter { $0.label == label }
            func count(_ name: String) -> LocalizedText {
                let number = "\(own.count { found($0) == name })"
                return .init(english: number, chinese: number)
            }
            let left = "\(parts.count { $0.label == label && $0.row.score == nil })"
            return [.init(english: label, chinese: label), count("")] + names.map(count)
                + [.init(english: left, chinese: left)]
        }
        let heads = names.map { name in
            name == "defect"
                ? LocalizedText(english: "defect", chinese: "缺陷") : LocalizedText(english: name, chinese: name)
        }
        page.table(
            [.init(english: "folder", chinese: "文件夹"), good] + heads
                + [.init(english: "not judged", chinese: "未判定")], rows: rows, isWide: true)
    }

    /// Good and bad beside each other: the usual ones of each.
    private func sides(_ page: inout Page) {
        let order = judged.sorted { ratio($0) < ratio($1) }
        gallery(
            &page, .init(english: "Bad parts that were found", chinese: "检出的缺陷件"),
            Self.spread(order.filter { !$0.isGood && $0.row.verdict == "defect" }))
        gallery(
            &page, .init(english: "Good parts that passed", chinese: "通过的合格件"),
            Self.spread(order.filter { $0.isGood && $0.row.verdict == "good" }))
    }

    /// As many as are shown, from the lowest score to the highest.
    private static func spread(_ parts: [Part]) -> [Part] {
        guard parts.count > shown else { return parts }
        return (0..<shown).map { parts[$0 * (parts.count - 1) / (shown - 1)] }
    }

    private func gallery(_ page: inout Page, _ title: LocalizedText, _ parts: [Part]) {
        guard !parts.isEmpty else { return }
        page.heading(title)
        page.gallery(
            parts.prefix(Self.shown).map { part in
                let name = part.row.verdict == "defect" ? part.row.name.map { ", \($0)" } ?? "" : ""
                let caption = "\(part.label)/\(part.file): \(Format.fixed(ratio(part), 2)) x\(name)"
                return .init(
                    caption: caption,
                    pictures: [part.picture, part.heat].compactMap { $0 }.map { Data($0).base64EncodedString() })
            })
    }

    private func notJudged(_ page: inout Page) {
        let left = parts.filter { $0.row.score == nil }
        guard !left.isEmpty else { return }
        page.heading(.init(english: "Pictures that could not be judged", chinese: "无法判定的图像"))
        page.table(
            [.init(english: "picture", chinese: "图像"), .init(english: "why", chinese: "原因")],
            left.map { ["\($0.label)/\($0.file)", $0.row.reason ?? ""] })
    }
}
