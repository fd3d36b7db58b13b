import Glibc
import Plant

/// The demo's live view: one block redrawn in place on a terminal, a plain line every few seconds elsewhere.
struct TerminalView {
    struct Frame {
        var progress: Double
        var phase: LocalizedText
        var speedRPM: Double
        var loadPercent: Double
        var vibrationRMS: Double
        var score: Double?
        var threshold: Double?
        var alert: Alert?
        var windows: Int
        var registrySequence: Int
    }

    private let isTerminal: Bool
    private let usesColor: Bool
    private let language: Language
    private var drawnLines = 0
    private var framesSinceLine = 0

    /// A plain line this often when standard output is not a terminal: enough to follow, few enough for a log.
    private static let framesPerPlainLine = 10

    init(language: Language, environment: [String: String]) {
        isTerminal = isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb"
        usesColor = isTerminal && environment["NO_COLOR"] == nil
        self.language = language
    }

    /// A line that stays: an event.
    mutating func say(_ text: LocalizedText, color: Color = .plain) {
        erase()
        Output.line(paint(text[language], color))
    }

    mutating func draw(_ frame: Frame) {
        if isTerminal {
            erase()
            let lines = block(frame)
            for line in lines { Output.line(line) }
            drawnLines = lines.count
        } else {
            if framesSinceLine == 0 { Output.line(plain(frame)) }
            framesSinceLine = (framesSinceLine + 1) % Self.framesPerPlainLine
        }
    }

    /// Leaves the last block on the screen; what is said next comes below it.
    mutating func keep() { drawnLines = 0 }

    private mutating func erase() {
        guard drawnLines > 0 else { return }
        Output.text("\u{1B}[\(drawnLines)A\u{1B}[0J")
        drawnLines = 0
    }

    private func block(_ frame: Frame) -> [String] {
        var lines = [
            "  \(bar(frame.progress, width: 40))  \(frame.phase[language])",
            "  " + label("speed", "转速") + "\(Format.fixed(frame.speedRPM, 0)) rpm   "
                + label("load", "负载") + "\(Format.fixed(frame.loadPercent, 0)) %   "
                + label("vibration", "振动") + "\(Format.fixed(frame.vibrationRMS, 3)) g RMS",
        ]
        if let score = frame.score, let threshold = frame.threshold {
            let ratio = score / threshold
            let color: Color = ratio > 1 ? .red : ratio > 0.7 ? .yellow : .green
            lines.append(
                "  " + label("score", "得分") + paint(bar(min(1, ratio / 4), width: 30, mark: 0.25), color)
                    + " \(Format.fixed(ratio, 2)) × " + label("threshold", "阈值"))
        } else {
            lines.append("  " + label("score", "得分") + label("not judged yet", "尚未判断"))
        }
        if let alert = frame.alert {
            let text = "  ● \(alert.title[language])  [\(alert.state.words[language])]"
            lines.append(paint(text, alert.state == .active ? .red : .yellow))
        }
        lines.append(
            "  " + label("windows judged", "已判断窗口") + "\(frame.windows)   "
                + label("registry has", "注册中心已收到") + "\(frame.registrySequence)")
        return lines
    }

    private func plain(_ frame: Frame) -> String {
        let ratio: String =
            if let score = frame.score, let threshold = frame.threshold { Format.fixed(score / threshold, 2) } else {
                "-"
            }
        let alert = frame.alert.map { " alert=\($0.code)/\($0.state.rawValue)" } ?? ""
        return "\(Format.fixed(frame.progress * 100, 0)) % \(frame.phase[language]): "
            + "speed=\(Format.fixed(frame.speedRPM, 0))rpm load=\(Format.fixed(frame.loadPercent, 0))% "
            + "rms=\(Format.fixed(frame.vibrationRMS, 3))g score/threshold=\(ratio) windows=\(frame.windows)\(alert)"
    }

    private func label(_ english: String, _ chinese: String) -> String {
        (language == .english ? english : chinese) + " "
    }

    /// A bar with an optional mark where a limit lies.
    private func bar(_ share: Double, width: Int, mark: Double? = nil) -> String {
        let full = Int((max(0, min(1, share)) * Double(width)).rounded())
        let markAt = mark.map { Int(($0 * Double(width)).rounded()) }
        return (0..<width).map { $0 == markAt ? "│" : $0 < full ? "█" : "░" }.joined()
    }

    enum Color: String { case plain = "0", red = "31;1", yellow = "33", green = "32", dim = "2" }

    private func paint(_ text: String, _ color: Color) -> String {
        usesColor && color != .plain ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }
}
