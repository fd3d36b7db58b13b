import Alerts
import Plant
import Testing

@Suite("AlertEngine: few alerts, and each of them right")
struct AlertEngineTests {
    static let rules = RuleSet(
        delays: Delays(onWindows: 3, offWindows: 4, clearBelow: 0.8), criticalAbove: 3,
        rules: [
            rule("bearing.outer_race", .warning, ["envelope_bpfo"]),
            rule("bearing.inner_race", .warning, ["envelope_bpfi", "envelope_bpfi_2"]),
            rule("machine.load", .advisory, ["load"]),
        ], fallback: rule("machine.unusual", .warning, []))

    static func rule(_ code: String, _ severity: Severity, _ features: [String]) -> RuleSet.Rule {
        let text = LocalizedText(english: code, chinese: "\(code)（中文）")
        return RuleSet.Rule(
            code: code, severity: severity, features: features, title: text, cause: text, action: text)
    }

    /// Runs windows given as score in thresholds; nil is a window that was not judged.
    static func run(
        _ ratios: [Double?], engine: inout AlertEngine, from start: Int = 0,
        contributions: [Contribution] = [Contribution(feature: "envelope_bpfo", share: 0.6, deviation: 9)]
    ) -> [String] {
        var log: [String] = []
        for (index, ratio) in ratios.enumerated() {
            let events = engine.judge(window(start + index, ratio, contributions: contributions))
            log += events.map { "\(start + index) \($0.kind) \($0.alert.severity)" }
        }
        return log
    }

    static func window(
        _ index: Int, _ ratio: Double?, wall: WallTime? = nil,
        contributions: [Contribution] = [Contribution(feature: "envelope_bpfo", share: 0.6, deviation: 9)]
    ) -> Judgement {
        Judgement(
            asset: "pump-7", time: wall ?? WallTime(nanoseconds: 1_795_464_903_123_000_000) + .seconds(index),
            monotonic: MonotonicTime(nanoseconds: Int64(index + 1) * 1_000_000_000),
            verdict: ratio.map { .scored(score: $0 * 2, threshold: 2, contributions: contributions) }
                ?? .notJudged(reason: "speed: stale"), modelDigest: "d1")
    }

    struct Scenario: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var windows: [Double?]
        var events: [String]

        init(_ description: String, _ windows: [Double?], _ events: [String]) {
            testDescription = description
            self.windows = windows
            self.events = events
        }
    }

    static let scenarios = [
        Scenario("normal windows say nothing", [0.2, 0.9, 0.99, 1.0], []),
        Scenario("two windows over the threshold are too few", [0.5, 1.5, 1.5, 0.5, 1.5, 1.5, 0.9, 1.5], []),
        Scenario("the third in a row raises", [0.5, 1.1, 1.1, 1.1], ["3 raised warning"]),
        Scenario("exactly on the threshold is not over it", [1.0, 1.0, 1.0, 1.0], []),
        Scenario("while it is open nothing is raised again", [2, 2, 2, 2, 2, 2, 2, 2], ["2 raised warning"]),
        Scenario(
            "it clears after four windows below 0.8", [2, 2, 2, 0.7, 0.7, 0.7, 0.7],
            ["2 raised warning", "6 cleared warning"]),
        Scenario(
            "between 0.8 and 1 nothing changes", [2, 2, 2, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], ["2 raised warning"]),
        Scenario(
            "one window in between starts the off-delay anew", [2, 2, 2, 0.7, 0.7, 0.7, 0.9, 0.7, 0.7, 0.7, 0.7],
            ["2 raised warning", "10 cleared warning"]),
        Scenario(
            "after clearing it takes the whole on-delay again",
            [2, 2, 2, 0, 0, 0, 0, 2, 2, 2], ["2 raised warning", "6 cleared warning", "9 raised warning"]),
        Scenario("far over the threshold from the start is critical", [4, 4, 4], ["2 raised critical"]),
        Scenario(
            "it escalates once, after the on-delay", [2, 2, 2, 2, 4, 4, 4, 4, 4, 2, 4, 4, 4],
            ["2 raised warning", "4 worsened warning", "6 escalated critical"]),
        Scenario(
            "one window far over does not escalate", [2, 2, 2, 4, 2, 4, 2], ["2 raised warning", "3 worsened warning"]),
        Scenario(
            "windows that were not judged neither count nor interrupt", [1.5, nil, 1.5, nil, nil, 1.5],
            ["5 raised warning"]),
        Scenario(
            "windows that were not judged do not clear", [2, 2, 2, nil, nil, nil, nil, nil, nil],
            ["2 raised warning"]),
        Scenario(
            "after ten that were not judged, older ones no longer count",
            [1.5, 1.5] + [Double?](repeating: nil, count: 10) + [1.5, 1.5, 1.5], ["14 raised warning"]),
        Scenario(
            "NaN and infinity are not judged", [1.5, .nan, 1.5, .infinity, 1.5], ["4 raised warning"]),
        Scenario(
            "a score that creeps up is stored in steps of 5 %",
            [2, 2, 2, 2.05, 2.09, 2.12, 2.15, 2.25], ["2 raised warning", "5 worsened warning", "7 worsened warning"]),
    ]

    @Test(arguments: scenarios) func scenario(_ scenario: Scenario) {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        #expect(Self.run(scenario.windows, engine: &engine) == scenario.events)
    }

    @Test func theAlertSaysWhatWasSeen() throws {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules, nextSequence: 12)
        let contributions = [
            Contribution(feature: "envelope_bpfo", share: 0.5, deviation: 9),
            Contribution(feature: "rms", share: 0.2, deviation: 3),
            Contribution(feature: "kurtosis", share: 0.2, deviation: 2.5),
            Contribution(feature: "crest", share: 0.1, deviation: 1),
        ]
        _ = Self.run([1.5, 1.6, 1.7], engine: &engine, contributions: contributions)
        let alert = try #require(engine.open)
        #expect(alert.id == "20261123-201505-pump-7-12")
        #expect(alert.code == "bearing.outer_race")
        #expect((alert.score, alert.threshold, alert.worstScore) == (3.4, 2, 3.4))
        #expect(alert.features.map(\.feature) == ["envelope_bpfo", "rms", "kurtosis"])
        #expect(alert.modelDigest == "d1")
        _ = Self.run([2.5, 1.2], engine: &engine, from: 3)
        #expect(engine.open?.worstScore == 5)
        #expect(engine.open?.score == 3.4)
    }

    @Test(
        arguments: [
            (["envelope_bpfo": 0.6, "rms": 0.4], "bearing.outer_race"),
            (["envelope_bpfo": 0.3, "envelope_bpfi": 0.2, "envelope_bpfi_2": 0.2, "rms": 0.3], "bearing.inner_race"),
            (["envelope_bpfo": 0.24, "rms": 0.76], "machine.unusual"), (["rms": 1], "machine.unusual"),
            ([:], "machine.unusual"),
            (["envelope_bpfo": 0.4, "load": 0.4, "rms": 0.2], "bearing.outer_race"),
        ] as [([String: Double], String)])
    func theRuleWhoseFeaturesLeadIsTaken(_ shares: [String: Double], _ code: String) {
        #expect(Self.rules.rule(for: shares).code == code)
    }

    @Test func theRuleIsChosenOverTheWholeOnDelayNotByTheLastWindowAlone() throws {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        let inner = [Contribution(feature: "envelope_bpfi", share: 0.7, deviation: 5)]
        let outer = [Contribution(feature: "envelope_bpfo", share: 0.6, deviation: 5)]
        for (index, contributions) in [inner, inner, outer].enumerated() {
            _ = engine.judge(Self.window(index, 2, contributions: contributions))
        }
        #expect(engine.open?.code == "bearing.inner_race")
    }

    // MARK: clocks

    @Test(arguments: [-3_600, 86_400, -1_795_464_000, 3_000_000_000])
    func aClockThatJumpsMakesNoAlertAndClearsNone(seconds: Int) {
        let jump = Duration.seconds(seconds)
        var calm = AlertEngine(asset: "pump-7", rules: Self.rules)
        var busy = calm
        _ = Self.run([2, 2, 2], engine: &busy)
        let before = busy.open
        for index in 3..<200 {
            let normal = Self.window(index, 0.5)
            #expect(calm.judge(Self.window(index, 0.5, wall: normal.time + jump)) == [])
            let high = Self.window(index, 2)
            #expect(busy.judge(Self.window(index, 2, wall: high.time + jump)) == [])
        }
        #expect(busy.open == before)
        #expect(calm.status.judgedWindows == 197)
    }

    @Test func aWindowFromThePastIsIgnoredAndCounted() {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        _ = engine.judge(Self.window(10, 2))
        for _ in 0..<5 { #expect(engine.judge(Self.window(9, 2)) == []) }
        // Windows that arrived in one batch have the same arrival.
        _ = engine.judge(Self.window(10, 2))
        #expect(engine.judge(Self.window(10, 2)).map(\.kind) == [.raised])
        #expect(engine.status.ignoredWindows == 5)
    }

    @Test func aWindowOfAnotherAssetIsIgnoredAndCounted() {
        var engine = AlertEngine(asset: "pump-8", rules: Self.rules)
        #expect(Self.run([2, 2, 2], engine: &engine) == [])
        #expect(engine.status.ignoredWindows == 3)
    }

    // MARK: people and restarts

    @Test func acknowledgingIsTakenOnceAndEscalationKeepsIt() throws {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        _ = Self.run([2, 2, 2], engine: &engine)
        let id = try #require(engine.open?.id)
        let time = WallTime(seconds: 1_795_465_000)
        #expect(engine.acknowledge("another", by: "li", at: time) == nil)
        let acknowledged = engine.acknowledge(id, by: "li", at: time)
        let event = try #require(acknowledged)
        #expect((event.kind, event.alert.state, event.alert.acknowledgedBy) == (.acknowledged, .acknowledged, "li"))
        #expect(engine.acknowledge(id, by: "wang", at: time) == nil)
        #expect(Self.run([4, 4, 4], engine: &engine, from: 3) == ["3 worsened warning", "5 escalated critical"])
        #expect(engine.open?.state == .acknowledged)
        #expect(Self.run([0, 0, 0, 0], engine: &engine, from: 6) == ["9 cleared critical"])
        #expect(engine.acknowledge(id, by: "wang", at: time) == nil)
    }

    @Test func aClearedAlertThatNobodyTookCanStillBeTaken() throws {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        var cleared: Alert?
        for (index, ratio) in ([2, 2, 2, 0, 0, 0, 0] as [Double]).enumerated() {
            for event in engine.judge(Self.window(index, ratio)) where event.kind == .cleared { cleared = event.alert }
        }
        let alert = try #require(cleared)
        #expect(alert.clearedAt == Self.window(6, 0).time)
        let taken = try #require(alert.acknowledged(by: "li", at: WallTime(seconds: 1)))
        #expect((taken.state, taken.acknowledgedBy) == (.cleared, "li"))
        #expect(taken.acknowledged(by: "wang", at: WallTime(seconds: 2)) == nil)
    }

    @Test func afterARestartTheOpenAlertGoesOnAndIsNotRaisedAgain() throws {
        var first = AlertEngine(asset: "pump-7", rules: Self.rules)
        _ = Self.run([2, 2, 2], engine: &first)
        let stored = try #require(first.open)
        var second = AlertEngine(asset: "pump-7", rules: Self.rules, stored: [stored])
        #expect(Self.run([2, 2, 2, 2, 0, 0, 0, 0], engine: &second) == ["7 cleared warning"])
        let events = Self.run([2, 2, 2], engine: &second, from: 20)
        #expect(events == ["22 raised warning"])
        #expect(second.open?.id.hasSuffix("-pump-7-2") == true, "the number goes on after the stored one")
    }

    @Test func idsStayUniqueAcrossRestartsInOneSecond() {
        var ids: Set<String> = []
        var stored: [Alert] = []
        for _ in 0..<20 {
            var engine = AlertEngine(asset: "pump-7", rules: Self.rules, stored: stored)
            for ratio in [2, 2, 2, 0, 0, 0, 0] as [Double] {
                for event in engine.judge(Self.window(0, ratio)) where event.kind == .cleared {
                    stored.append(event.alert)
                    ids.insert(event.alert.id)
                }
            }
        }
        #expect(ids.count == 20)
    }

    @Test func severalOpenAlertsInTheStoreClearTogether() {
        var one = AlertEngine(asset: "pump-7", rules: Self.rules)
        var two = AlertEngine(asset: "pump-7", rules: Self.rules, nextSequence: 2)
        _ = Self.run([2, 2, 2], engine: &one)
        _ = Self.run([2, 2, 2], engine: &two, from: 10)
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules, stored: [two.open, one.open].compactMap(\.self))
        #expect(engine.open == two.open)
        #expect(Self.run([0, 0, 0, 0], engine: &engine) == ["3 cleared warning", "3 cleared warning"])
        #expect(engine.open == nil)
    }

    @Test func notBeingJudgedForLongIsAnAdvisoryStateUntilTheNextJudgement() {
        var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
        _ = Self.run([Double?](repeating: nil, count: AlertEngine.notJudgedLimit - 1), engine: &engine)
        #expect(!engine.status.isNotJudged)
        _ = engine.judge(Self.window(50, nil))
        #expect(engine.status.isNotJudged)
        #expect(engine.status.reason == "speed: stale")
        _ = engine.judge(Self.window(51, 0.5))
        #expect(!engine.status.isNotJudged)
        #expect((engine.status.score, engine.status.reason) == (1, nil))
        #expect((engine.status.judgedWindows, engine.status.notJudgedWindows) == (1, AlertEngine.notJudgedLimit))
    }

    @Test func anyWindowsGiveRaisedAndClearedInTurnAndNothingTwice() {
        let seed: UInt64 = 0xA1E7
        var random = SplitMix64(state: seed)
        var seen: Set<AlertEvent.Kind> = []
        for round in 0..<300 {
            var engine = AlertEngine(asset: "pump-7", rules: Self.rules)
            var isOpen = false
            var severity = Severity.advisory
            for index in 0..<200 {
                let ratio: Double? =
                    Int.random(in: 0..<10, using: &random) == 0 ? nil : .random(in: 0...4, using: &random)
                // Long stretches of one kind, else nothing would ever be raised.
                let bias = (index / 10).isMultiple(of: 2) ? 0.2 : 1.5
                for event in engine.judge(Self.window(index, ratio.map { $0 * bias })) {
                    let isRight =
                        switch event.kind {
                        case .raised: !isOpen
                        case .escalated: isOpen && event.alert.severity > severity
                        case .cleared, .worsened, .acknowledged: isOpen
                        }
                    #expect(isRight, "seed \(seed), round \(round), window \(index): \(event.kind)")
                    severity = event.alert.severity
                    isOpen = event.kind != .cleared
                    seen.insert(event.kind)
                }
                let (hasOpen, shouldHave) = (engine.open != nil, isOpen)
                #expect(hasOpen == shouldHave)
            }
        }
        #expect(seen == [.raised, .escalated, .cleared, .worsened], "the windows are too tame to show anything")
    }
}
