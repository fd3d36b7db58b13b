import Alerts
import Plant
import Testing
import YAML

@Suite("RuleSet and AlertSettings: what the files may say")
struct RuleSetTests {
    static let good = """
        delays: { on_windows: 3, off_windows: 10, clear_below: 0.7 }
        critical_above: 2.5
        rules:
          - code: bearing.outer_race
            severity: warning
            when: { features: [envelope_bpfo], share: 0.3 }
            title: { en: Outer race wears, zh-CN: 外圈磨损 }
            cause: { en: A pit, zh-CN: 剥落 }
            action: { en: Change it, zh-CN: 更换 }
          - code: machine.unusual
            severity: advisory
            title: { en: Unusual, zh-CN: 异常 }
            cause: { en: Unknown, zh-CN: 未知 }
            action: { en: Look, zh-CN: 检查 }

        """

    private func parse(_ text: String, features: [String]? = nil) throws(RuleError) -> RuleSet {
        try RuleSet.parse(Array(text.utf8), file: "rules.yaml", features: features)
    }

    @Test func readsAPacksRules() throws {
        let rules = try parse(Self.good, features: ["envelope_bpfo", "rms"])
        #expect(rules.delays == Delays(onWindows: 3, offWindows: 10, clearBelow: 0.7))
        #expect(rules.criticalAbove == 2.5)
        #expect(rules.rules.map(\.code) == ["bearing.outer_race"])
        #expect(rules.rules.first?.leastShare == 0.3)
        #expect(rules.fallback.code == "machine.unusual")
        #expect(rules.fallback.title[.chinese] == "异常")
    }

    @Test func thePlantsOwnDelaysReplaceOnlyWhatTheyState() throws {
        let rules = try parse(Self.good).applying(DelayOverrides(offWindows: 20))
        #expect(rules.delays == Delays(onWindows: 3, offWindows: 20, clearBelow: 0.7))
    }

    @Test(arguments: [
        (
            "severity: warning", "severity: warnign",
            "rules.yaml:5:15: rules[0].severity: expected one of advisory, warning, critical, found \"warnign\"; did you mean `warning`?"
        ),
        (
            "[envelope_bpfo]", "[envelope_bfpo]",
            "rules.yaml:6:24: rules[0].when.features[0]: expected a feature of the pack's model, found \"envelope_bfpo\"; did you mean `envelope_bpfo`?"
        ),
        (
            "zh-CN: 外圈磨损", "zh: 外圈磨损",
            "rules.yaml:7:12: rules[0].title.zh-CN: expected a text of at most 120 characters, found nothing"
        ),
        (
            "clear_below: 0.7", "clear_below: 1.7",
            "rules.yaml:1:56: delays.clear_below: expected a number 0.01...1.0, found \"1.7\""
        ),
        (
            "code: machine.unusual", "code: bearing.outer_race",
            "rules.yaml:10:11: rules[1].code: expected each code once, found it again"
        ),
        (
            "    when: { features: [envelope_bpfo], share: 0.3 }\n", "",
            "rules.yaml:9:5: rules[1]: expected one rule without `when`, found a second one"
        ),
        (
            "severity: advisory", "severity: advisory\n    when: { features: [rms] }",
            "rules.yaml:4:3: rules: expected one rule without `when`, for what no other rule explains, found none"
        ),
        (
            "severity: advisory", "severity: advisory\n    when: { features: [envelope_bpfo] }",
            "rules.yaml:12:24: rules[1].when.features[0]: expected each feature in one rule, found envelope_bpfo again (first in bearing.outer_race)"
        ),
        (
            "[envelope_bpfo]", "[]",
            "rules.yaml:6:23: rules[0].when.features: expected a list of 1 to 64, each a text, found a list of 0"
        ),
        (
            "code: machine.unusual", "code: Machine Unusual",
            "rules.yaml:10:11: rules[1].code: expected a code of small letters, digits, . _ and - (at most 64), found \"Machine Unusual\""
        ),
    ])
    func aMistakeIsNamedWithItsPlace(_ original: String, _ wrong: String, _ message: String) throws {
        let parts = Self.good.split(separator: original, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let error = #expect(throws: RuleError.self) {
            try parse(parts.joined(separator: wrong), features: ["envelope_bpfo", "rms"])
        }
        #expect(
            error?.description.split(separator: "\n").contains(Substring(message)) == true,
            "\(String(describing: error))")
    }

    @Test func mutatedRulesNeverCrash() {
        let seed: UInt64 = 0xBEA7
        var random = SplitMix64(state: seed)
        let original = Array(Self.good.utf8)
        var (taken, refused) = (0, 0)
        for _ in 0..<2_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[at] = UInt8.random(in: .min ... .max, using: &random)
                } else {
                    bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...30, using: &random)))
                }
            }
            do throws(RuleError) {
                let rules = try RuleSet.parse(bytes, file: "rules.yaml")
                taken += 1
                #expect(!rules.fallback.code.isEmpty && rules.delays.onWindows >= 1)
            } catch {
                refused += 1
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
        #expect(taken > 20 && refused > 20, "seed \(seed): \(taken) taken, \(refused) refused")
    }

    // MARK: the section `alerts:` of the configuration

    private func settings(_ text: String) throws -> (AlertSettings?, String) {
        let diagnostics = Diagnostics(file: "plant.yaml")
        var reader = try #require(
            MappingReader(
                try YAML.parse(Array(text.utf8), file: "plant.yaml"), path: "alerts", diagnostics: diagnostics))
        let settings = AlertSettings(reading: &reader, directory: "/etc/millwright")
        reader.finish()
        return (settings, diagnostics.text)
    }

    @Test func readsTheSectionOfTheConfiguration() throws {
        let (settings, messages) = try settings(
            """
            language: zh-CN
            mqtt: { link: plant-broker, topic: "plant/alerts/{asset}" }
            webhook: { url: "https://hooks.example.com/x", headers_file: hook.headers }
            delays: { on_windows: 5 }
            """)
        #expect(messages == "")
        #expect(settings?.language == .chinese)
        #expect(settings?.mqtt == AlertSettings.MQTT(link: "plant-broker", topic: "plant/alerts/{asset}"))
        #expect(settings?.webhook?.headersFile == "/etc/millwright/hook.headers")
        #expect(settings?.delays == DelayOverrides(onWindows: 5))
    }

    @Test(arguments: [
        (
            "mqtt: { link: a, topic: a/# }",
            "plant.yaml:1:25: alerts.mqtt.topic: expected a topic without wildcards (at most 512 bytes), found \"a/#\""
        ),
        ("mqtt: { topic: a }", "plant.yaml:1:7: alerts.mqtt.link: expected a text, found nothing"),
        (
            "webhook: { url: \"ftp://x\" }",
            "plant.yaml:1:17: alerts.webhook.url: expected an address that starts with http:// or https://, found the text \"ftp://x\""
        ),
        (
            "webhook: { url: \"http://:80/\" }",
            "plant.yaml:1:17: alerts.webhook.url: expected an address that starts with http:// or https://, found the text \"http://:80/\""
        ),
        ("language: zh", "plant.yaml:1:11: alerts.language: expected one of en, zh-CN, both, found \"zh\""),
        (
            "delays: { on_windows: 0 }",
            "plant.yaml:1:23: alerts.delays.on_windows: expected a whole number 1...10000, found \"0\""
        ),
        (
            "webhok: {}",
            "plant.yaml:1:1: alerts.webhok: expected one of the keys language, mqtt, webhook, writes, delays, found the key \"webhok\"; did you mean `webhook`?"
        ),
    ])
    func mistakesInTheSection(_ text: String, _ message: String) throws {
        #expect(try settings(text).1 == message)
    }
}
