import Alerts
import Foundation
import Plant
import Testing

@Suite("AlertMessage: the JSON that leaves the box")
struct AlertMessageTests {
    static let asset = Asset(id: "pump-7", title: LocalizedText(english: "Cooling pump 7", chinese: "7 号冷却泵"))

    static var alert: Alert {
        Alert(
            id: "20261123-201503-pump-7-1", asset: "pump-7", code: "bearing.outer_race", severity: .warning,
            state: .active,
            raisedAt: WallTime(nanoseconds: 1_795_464_903_123_456_789), score: 3.5, threshold: 2,
            features: [
                Contribution(feature: "envelope_bpfo", share: 0.625, deviation: 9.5),
                Contribution(feature: "kurtosis", share: 0.25, deviation: 4),
                Contribution(feature: "rms", share: 0.125, deviation: 1e-7),
            ], modelDigest: String(repeating: "ab", count: 32),
            title: LocalizedText(english: "Outer race wears", chinese: "轴承外圈磨损"),
            cause: LocalizedText(english: "Rolling over a \"pit\"\nin the race", chinese: "滚动体经过外圈剥落处"),
            action: LocalizedText(english: "Plan a change", chinese: "安排更换轴承"))
    }

    static let cases: [(name: String, languages: AlertLanguage)] = [
        ("raised", .both), ("acknowledged", .english), ("cleared", .chinese),
    ]

    @Test(arguments: cases.map(\.name)) func isAlwaysTheSameBytes(_ name: String) throws {
        let languages = try #require(Self.cases.first { $0.name == name }?.languages)
        var alert = Self.alert
        if name != "raised" { alert = try #require(alert.acknowledged(by: "李雷", at: WallTime(seconds: 1_795_465_000))) }
        if name == "cleared" {
            alert.state = .cleared
            alert.clearedAt = WallTime(seconds: 1_795_468_600.5)
            alert.worstScore = 7.25
        }
        let kind = try #require(AlertEvent.Kind(rawValue: name))
        let message = AlertMessage(
            AlertEvent(kind, alert, at: alert.clearedAt ?? alert.acknowledgedAt ?? alert.raisedAt), asset: Self.asset,
            plant: "north", languages: languages)
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/alert-\(name).json")
        let json = message.json + [0x0A]
        if ProcessInfo.processInfo.environment["MILLWRIGHT_REGOLD"] == "1" { try Data(json).write(to: url) }
        let golden = try Data(contentsOf: url)
        #expect(String(decoding: json, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
    }

    @Test func isJSONWhateverTheTextsHold() throws {
        var alert = Self.alert
        let nasty =
            String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init))) + "\u{2028}\u{2029}\\\"😀"
        alert.title = LocalizedText(english: nasty, chinese: nasty)
        alert.score = .infinity
        alert.features[0].share = .nan
        let message = AlertMessage(AlertEvent(.raised, alert, at: alert.raisedAt), asset: Self.asset, plant: nasty)
        let object = try #require(JSONSerialization.jsonObject(with: Data(message.json)) as? [String: Any])
        #expect(object["plant"] as? String == nasty)
        #expect(((object["text"] as? [String: Any])?["zh-CN"] as? [String: String])?["title"] == nasty)
        #expect(object["score"] is NSNull)
        #expect(object["threshold"] as? Double == 2)
        #expect(!message.json.contains(0x0A), "one line")
    }
}
