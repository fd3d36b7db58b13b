import AssemblyLine
import Glibc
import Host
import Plant
import Rig
import Signals
import Store

/// The first slice as a person sees it: everything real, everything on this machine, everything ended at the end.
struct Demo: Sendable {
    let pack: String
    let seconds: Double
    let directory: String
    let language: Language

    /// What the recording has shown so far, for the report.
    struct Trace: Sendable {
        var windows: [(seconds: Double, rms: Double, severity: Double)] = []
        var scores: [(seconds: Double, score: Double, threshold: Double)] = []
        var firstWindow: [Float] = []
        var lastWindow: [Float] = []
        var alerts: [AlertHistory] = []
        var raisedAtSeconds: Double?
        var acknowledgedAtSeconds: Double?
        var published: [ExpectedAlerts.Expected] = []
        var webhookMessages = 0
        var registrySequence = 0
        var model = ""
    }

    private static let acknowledgeAfter = Duration.seconds(3)

    /// - Returns: whether the alerts that the pack expects came, and no others.
    func run() async throws -> Bool {
        let packText = try RotatingMachinePack.parse(try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml")
        let script = try RecordingScript.parse(
            try TextFile.read("\(pack)/replay/recording.yaml"), file: "\(pack)/replay/recording.yaml")
        let expected = try ExpectedAlerts.read("\(pack)/replay/expected-alerts.json")
        var view = TerminalView(language: language, environment: ProcessEnvironment.current)
        let stage = try await DemoStage.build(pack: pack, description: packText, directory: directory) { view.say($0) }
        do {
            let trace = try await play(script, packText, stage, &view)
            await stage.end()
            let holds = trace.published == expected.alerts
            try DemoReport(trace: trace, pack: packText, holds: holds).write(to: directory)
            summarize(trace, expected, holds, &view)
            return holds
        } catch {
            await stage.end()
            throw error
        }
    }

    // MARK: The recording

    private func play(
        _ script: RecordingScript, _ packText: RotatingMachinePack, _ stage: DemoStage, _ view: inout TerminalView
    ) async throws -> Trace {
        var trace = Trace()
        let clock = ContinuousClock()
        let start = clock.now
        let interval = Duration.seconds(seconds / Double(max(1, script.windowCount)))
        var raised: ContinuousClock.Instant?
        for moment in RecordingPlayer(script: script, pack: packText) {
            try Task.checkCancellation()
            stage.show(speedRPM: moment.speedRPM, loadPercent: moment.loadPercent)
            try stage.publish(window: moment.window)
            try await clock.sleep(until: start.advanced(by: interval * (moment.index + 1)))
            let at = (clock.now - start).inSeconds
            let rms = Self.rms(moment.window)
            trace.windows.append((at, rms, moment.severity))
            if moment.index == 0 { trace.firstWindow = moment.window }
            trace.lastWindow = moment.window
            let report = try stage.report()
            if let score = report.assets.first?.score, let threshold = report.assets.first?.threshold {
                trace.scores.append((at, score, threshold))
            }
            let alert = try await stage.reader.alerts(AlertFilter(limit: 1)).first
            if let alert, raised == nil {
                raised = clock.now
                trace.raisedAtSeconds = at
                view.say(Self.announcement(alert), color: .red)
            }
            if let alert, let raised, alert.acknowledgedAt == nil, clock.now - raised >= Self.acknowledgeAfter {
                _ = try await stage.reader.acknowledge(alert.id, by: "demo")
                trace.acknowledgedAtSeconds = at
                view.say(
                    LocalizedText(
                        english: "  acknowledged: millwright alerts ack \(alert.id)",
                        chinese: "  已确认：millwright alerts ack \(alert.id)"), color: .yellow)
            }
            view.draw(
                TerminalView.Frame(
                    progress: Double(moment.index + 1) / Double(script.windowCount), phase: Self.phase(moment),
                    speedRPM: moment.speedRPM, loadPercent: moment.loadPercent, vibrationRMS: rms,
                    score: report.assets.first?.score, threshold: report.assets.first?.threshold, alert: alert,
                    windows: report.assets.first?.windows ?? 0,
                    registrySequence: report.registry?.acknowledgedSequence ?? 0))
        }
        view.keep()
        let report = try await stage.settle()
        trace.alerts = try await stage.alerts()
        trace.webhookMessages = stage.webhook.bodies.count
        trace.published = try ExpectedAlerts.published(stage.webhook.bodies)
        trace.registrySequence = report.registry?.acknowledgedSequence ?? 0
        trace.model = report.assets.first?.modelDigest ?? ""
        return trace
    }

    private static func rms(_ window: [Float]) -> Double {
        (window.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, window.count))).squareRoot()
    }

    private static func phase(_ moment: RecordingPlayer.Moment) -> LocalizedText {
        moment.severity == 0
            ? LocalizedText(english: "normal running", chinese: "正常运行")
            : LocalizedText(
                english: "outer race wears, \(Format.fixed(moment.severity * 100, 0)) %",
                chinese: "外圈磨损 \(Format.fixed(moment.severity * 100, 0)) %")
    }

    private static func announcement(_ alert: Alert) -> LocalizedText {
        LocalizedText(
            english: """
                ● ALERT \(alert.title.english)
                  cause   \(alert.cause.english)
                  do      \(alert.action.english)
                """,
            chinese: """
                ● 报警 \(alert.title.chinese)
                  原因  \(alert.cause.chinese)
                  处理  \(alert.action.chinese)
                """)
    }

    // MARK: The end

    private func summarize(_ trace: Trace, _ expected: ExpectedAlerts, _ holds: Bool, _ view: inout TerminalView) {
        let came = trace.published.map(\.description).joined(separator: ", ")
        let wanted = expected.alerts.map(\.description).joined(separator: ", ")
        let raised = trace.raisedAtSeconds.map { Format.fixed($0, 1) } ?? "-"
        view.say(
            LocalizedText(
                english: """

                    windows     \(trace.windows.count) published, \(trace.scores.count) scores seen
                    alert       \(came.isEmpty ? "none" : came); the first at \(raised) s
                    expected    \(wanted)
                    webhook     \(trace.webhookMessages) messages; registry confirmed through \(trace.registrySequence)
                    model       \(trace.model.prefix(16)), fetched from the registry, signature and receipt proved
                    report      \(directory)/report.html
                    """,
                chinese: """

                    窗口      已发布 \(trace.windows.count)，已得分 \(trace.scores.count)
                    报警      \(came.isEmpty ? "无" : came)；首次在 \(raised) 秒
                    预期      \(wanted)
                    回调      \(trace.webhookMessages) 条消息；注册中心已确认至 \(trace.registrySequence)
                    模型      \(trace.model.prefix(16))，取自注册中心，签名与凭证已验证
                    报告      \(directory)/report.html
                    """))
        view.say(
            holds
                ? LocalizedText(english: "the expected alert came", chinese: "预期报警已发出")
                : LocalizedText(english: "NOT as expected", chinese: "与预期不符"), color: holds ? .green : .red)
    }
}
