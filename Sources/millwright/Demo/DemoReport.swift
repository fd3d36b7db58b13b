import AssemblyLine
import Plant
import Plots
import Signals
import Store

/// The demo as a page that one can keep: vibration, score and threshold, the alert.
struct DemoReport {
    let trace: Demo.Trace
    let pack: RotatingMachinePack
    let holds: Bool

    /// `report.html` with both languages, and one file a language that opens in it.
    func write(to directory: String) throws {
        for language in Language.allCases {
            try OutputFile.write(Array(page(language).html().utf8), to: "\(directory)/report.\(language.rawValue).html")
        }
        try OutputFile.write(Array(page(.english).html().utf8), to: "\(directory)/report.html")
    }

    private func page(_ language: Language) -> Page {
        var page = Page(
            title: LocalizedText(english: "Exhaust fan 3: a bearing wears out", chinese: "3 号排风机：轴承磨损"),
            language: language)
        page.paragraph(
            LocalizedText(
                english: "Played through a real broker, Modbus slave, daemon and registry on this machine. "
                    + (holds ? "The alert that the pack expects came." : "The alerts were NOT as expected."),
                chinese: "在本机通过真实的消息代理、Modbus 从站、守护进程和注册中心回放。" + (holds ? "预期报警已发出。" : "报警与预期不符。")))
        for history in trace.alerts { alert(history, &page) }
        page.heading(LocalizedText(english: "Score against threshold", chinese: "得分与阈值"))
        page.figure { scorePlot($0).svg() }
        page.heading(LocalizedText(english: "Vibration", chinese: "振动"))
        page.figure { levelPlot($0).svg(height: 240) }
        page.figure { windowPlot($0).svg(height: 240) }
        page.heading(LocalizedText(english: "Where it came from", chinese: "来源"))
        page.facts([
            (LocalizedText(english: "model, SHA-256", chinese: "模型（SHA-256）"), trace.model),
            (LocalizedText(english: "pack", chinese: "方案包"), "\(pack.name) \(pack.version)"),
            (LocalizedText(english: "windows published", chinese: "已发布窗口"), "\(trace.windows.count)"),
            (LocalizedText(english: "webhook messages", chinese: "回调消息"), "\(trace.webhookMessages)"),
            (
                LocalizedText(english: "registry confirmed through", chinese: "注册中心已确认至"),
                "\(trace.registrySequence)"
            ),
        ])
        return page
    }

    private func alert(_ history: AlertHistory, _ page: inout Page) {
        let alert = history.alert
        page.callout(
            alert.title,
            [
                LocalizedText(
                    english: "Likely cause: \(alert.cause.english)", chinese: "可能原因：\(alert.cause.chinese)"),
                LocalizedText(english: "What to do: \(alert.action.english)", chinese: "处理建议：\(alert.action.chinese)"),
                LocalizedText(
                    english:
                        "\(alert.severity.rawValue), \(alert.state.rawValue), raised \(ISO8601.string(alert.raisedAt)), "
                        + "taken by \(alert.acknowledgedBy ?? "nobody")",
                    chinese:
                        "级别：\(alert.severity.words.chinese)，状态：\(alert.state.words.chinese)，触发时间：\(ISO8601.string(alert.raisedAt))，"
                        + "确认人：\(alert.acknowledgedBy ?? "无")"),
            ], tone: .alarm)
        page.table(
            [
                LocalizedText(english: "feature that moved", chinese: "变化最大的特征"),
                LocalizedText(english: "share of the score", chinese: "占得分比例"),
                LocalizedText(english: "deviation from normal", chinese: "偏离正常"),
            ],
            alert.features.map {
                [$0.feature, "\(Format.fixed($0.share * 100, 0)) %", "\(Format.fixed($0.deviation, 1)) σ"]
            })
    }

    private func marks(_ language: Language) -> [LinePlot.Mark] {
        let isChinese = language == .chinese
        return [
            trace.raisedAtSeconds.map { .init(x: $0, label: isChinese ? "报警" : "alert", color: "#b3261e") },
            trace.acknowledgedAtSeconds.map {
                .init(x: $0, label: isChinese ? "确认" : "acknowledged", color: "#9a6700")
            },
        ].compactMap(\.self)
    }

    private func scorePlot(_ language: Language) -> LinePlot {
        let isChinese = language == .chinese
        return LinePlot(
            title: isChinese ? "得分（对数）" : "Score (logarithmic)", xLabel: isChinese ? "时间（秒）" : "time, s",
            yLabel: isChinese ? "得分" : "score", yScale: .logarithmic,
            series: [
                .init(
                    name: isChinese ? "得分" : "score", color: "#1f6feb",
                    points: trace.scores.map { ($0.seconds, $0.score) }),
                .init(
                    name: isChinese ? "阈值" : "threshold", color: "#b3261e",
                    points: trace.scores.map { ($0.seconds, $0.threshold) }),
            ], marks: marks(language))
    }

    private func levelPlot(_ language: Language) -> LinePlot {
        let isChinese = language == .chinese
        return LinePlot(
            title: isChinese ? "振动有效值" : "Vibration level", xLabel: isChinese ? "时间（秒）" : "time, s", yLabel: "g RMS",
            series: [
                .init(
                    name: isChinese ? "有效值" : "RMS", color: "#1f6feb",
                    points: trace.windows.map { ($0.seconds, $0.rms) })
            ], marks: marks(language))
    }

    private func windowPlot(_ language: Language) -> LinePlot {
        let isChinese = language == .chinese
        // A fifth of a second shows single impacts; the whole window would be a black bar.
        let count = min(trace.firstWindow.count, trace.lastWindow.count, Int(pack.window.rateHertz / 5))
        func points(_ window: [Float]) -> [(x: Double, y: Double)] {
            window.prefix(count).enumerated().map {
                (Double($0.offset) / pack.window.rateHertz * 1000, Double($0.element))
            }
        }
        return LinePlot(
            title: isChinese ? "第一个与最后一个窗口" : "First and last window", xLabel: isChinese ? "毫秒" : "ms", yLabel: "g",
            series: [
                .init(name: isChinese ? "最后" : "last", color: "#b3261e", points: points(trace.lastWindow)),
                .init(name: isChinese ? "第一" : "first", color: "#1f6feb", points: points(trace.firstWindow)),
            ])
    }
}
