import ArgumentParser
import Glibc
import Host
import Plant
import Store

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "List, show and acknowledge alerts.",
        subcommands: [List.self, Show.self, Acknowledge.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List alerts, the newest first.")

        @OptionGroup var place: StoreOption
        @OptionGroup var text: LanguageOption

        @Flag(help: "Only those whose condition holds, or that nobody has acknowledged.")
        var open = false

        @Option(help: "At most so many.")
        var limit = 50

        @Flag(help: "Print as JSON.")
        var json = false

        func run() async throws {
            let all = try await place.reader().alerts(AlertFilter(limit: limit))
            let alerts = open ? all.filter { $0.state != .cleared || $0.acknowledgedAt == nil } : all
            if json { return try JSONOutput.print(alerts.map(AlertRecord.init)) }
            guard !alerts.isEmpty else { return Output.line(open ? "no open alerts" : "no alerts") }
            Output.line(
                Format.table(
                    alerts.map { alert in
                        [
                            alert.id, alert.severity.rawValue, alert.state.rawValue,
                            alert.acknowledgedAt == nil ? "not acknowledged" : "by \(alert.acknowledgedBy ?? "?")",
                            ISO8601.string(alert.raisedAt), alert.title[text.language],
                        ]
                    }))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one alert: what was seen, the likely cause, what to do, and its history.")

        @Argument(help: "Id of the alert, as the list gives it.")
        var id: String
        @OptionGroup var place: StoreOption
        @OptionGroup var text: LanguageOption

        @Flag(help: "Print as JSON.")
        var json = false

        func run() async throws {
            guard let history = try await place.reader().alert(id) else {
                throw ValidationError("no alert \(id); `millwright alerts list` gives the ids")
            }
            if json { return try JSONOutput.print(AlertRecord(history.alert)) }
            Output.line(Self.text(history, text.language))
        }

        static func text(_ history: AlertHistory, _ language: Language) -> String {
            let alert = history.alert
            let isChinese = language == .chinese
            var lines = [
                "\(alert.title[language])",
                "\(alert.id)  \(alert.asset)  \(alert.code)  \(alert.severity.rawValue)  \(alert.state.rawValue)", "",
                (isChinese ? "可能原因：" : "Likely cause: ") + alert.cause[language],
                (isChinese ? "处理建议：" : "What to do: ") + alert.action[language], "",
                (isChinese ? "得分 " : "Score ")
                    + "\(Format.fixed(alert.score, 2)), \(isChinese ? "阈值" : "threshold") \(Format.fixed(alert.threshold, 2)), "
                    + "\(isChinese ? "最高" : "worst") \(Format.fixed(alert.worstScore, 2))",
            ]
            for feature in alert.features {
                lines.append(
                    "  \(feature.feature): \(Format.fixed(feature.share * 100, 0)) %, "
                        + "\(Format.fixed(feature.deviation, 1)) σ")
            }
            lines.append((isChinese ? "模型 " : "Model ") + alert.modelDigest)
            lines.append("")
            for step in history.transitions {
                lines.append("  \(ISO8601.string(step.at))  \(step.state.rawValue)\(step.by.map { "  \($0)" } ?? "")")
            }
            return lines.joined(separator: "\n")
        }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack", abstract: "Take an alert on; it is durable when the command returns.")

        @Argument(help: "Id of the alert.")
        var id: String

        @Option(help: "Who takes it; your login name unless given.")
        var by: String?

        @OptionGroup var place: StoreOption

        func run() async throws {
            let environment = ProcessEnvironment.current
            let person = by ?? environment["SUDO_USER"] ?? environment["USER"] ?? "uid \(getuid())"
            let alert = try await place.reader().acknowledge(id, by: person)
            Output.line("\(alert.id): \(alert.state.rawValue), taken by \(alert.acknowledgedBy ?? person)")
        }
    }
}

/// An alert as `--json` prints it.
struct AlertRecord: Encodable {
    var id, asset, code, severity, state, raisedAt: String
    var acknowledgedAt, acknowledgedBy, clearedAt: String?
    var score, threshold, worstScore: Double
    var features: [Feature]
    var modelDigest: String
    var title, cause, action: [String: String]

    struct Feature: Encodable {
        var name: String
        var share, deviation: Double
    }

    init(_ alert: Alert) {
        func both(_ text: LocalizedText) -> [String: String] {
            Dictionary(uniqueKeysWithValues: Language.allCases.map { ($0.rawValue, text[$0]) })
        }
        (id, asset, code) = (alert.id, alert.asset, alert.code)
        (severity, state) = (alert.severity.rawValue, alert.state.rawValue)
        raisedAt = ISO8601.string(alert.raisedAt)
        acknowledgedAt = alert.acknowledgedAt.map(ISO8601.string)
        acknowledgedBy = alert.acknowledgedBy
        clearedAt = alert.clearedAt.map(ISO8601.string)
        (score, threshold, worstScore) = (alert.score, alert.threshold, alert.worstScore)
        features = alert.features.map { Feature(name: $0.feature, share: $0.share, deviation: $0.deviation) }
        modelDigest = alert.modelDigest
        (title, cause, action) = (both(alert.title), both(alert.cause), both(alert.action))
    }
}
