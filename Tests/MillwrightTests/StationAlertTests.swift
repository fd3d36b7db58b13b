import Alerts
import Plant
import Store
import TestBench
import Testing

@testable import millwright

@Suite struct StationAlertTests {
    /// What the engine is told, one letter a part: `.` good, `s` scratch, `p` pit, `u` unknown, `x` no class, `d` too dark.
    struct Line {
        var engine = StationAlertEngine(asset: "press-3", settings: .init())
        private var parts = 0

        init(_ settings: StationDefinition.Alerts = .init()) {
            engine = StationAlertEngine(asset: "press-3", settings: settings)
        }

        /// - Parameter deviation: of each good part.
        /// - Returns: what people are told.
        mutating func make(_ parts: String, deviation: Double = 0) -> [String] {
            parts.flatMap { letter in
                self.parts += 1
                let verdict = Self.verdict(letter, second: self.parts)
                return engine.take(verdict, deviation: deviation, evidence: nil).filter(\.isPublished)
                    .map { "\($0.kind.rawValue) \($0.alert.code)" }
            }
        }

        static func verdict(_ letter: Character, second: Int) -> StationVerdict {
            let names: [Character: String] = ["s": "scratch", "p": "pit", "u": "unknown", "d": "picture.too_dark"]
            var row = PartFinding(.missing).row("", took: .zero)
            row.verdict = letter == "." ? "good" : letter == "d" ? "not_judged" : "defect"
            row.name = letter == "." || letter == "d" ? nil : names[letter]
            row.code = letter == "d" ? names[letter] : nil
            let time = WallTime(nanoseconds: Int64(second) * 1_000_000_000)
            return StationVerdict(
                station: "press-3", row: row, arrival: time,
                monotonic: MonotonicTime(nanoseconds: time.nanoseconds))
        }
    }

    static func good(_ count: Int) -> String { String(repeating: ".", count: count) }

    @Test func aTenthOfFiftyRejectsIsSaidOnceAndClearedAtHalfOfIt() {
        var line = Line()
        #expect(line.make(Self.good(30) + "s....p....s....p....").isEmpty)
        #expect(line.make("s") == ["raised inspection.reject_rate"])
        #expect(line.make("..p...").isEmpty, "it goes on, and nobody is told again")
        #expect(line.make(Self.good(60)) == ["cleared inspection.reject_rate"])
        #expect(line.make(Self.good(60)).isEmpty)
    }

    @Test func oneRejectNowAndThenIsNoAlert() {
        var line = Line()
        #expect(line.make(String(repeating: "s" + Self.good(19), count: 100)).isEmpty)
    }

    @Test func theSameDefectAgainAndAgainIsABurstDifferentOnesAreNot() {
        var line = Line()
        #expect(line.make("s.p.s.p.").isEmpty)
        #expect(line.make("s") == ["raised inspection.burst", "raised inspection.reject_rate"].reversed())
        #expect(line.engine.open[.burst]?.features.map(\.feature) == ["scratch"])
        #expect(line.engine.open[.burst]?.title.english == "3 of the last 10 parts with the same defect: scratch")
        // Another defect does not keep this one open.
        #expect(line.make("..p.....") == ["cleared inspection.burst"])
    }

    @Test(arguments: ["x", "u"]) func defectsWithoutAClassAreNotTheSame(letter: String) {
        var line = Line()
        #expect(line.make(Self.good(30) + letter + letter + letter).isEmpty)
        #expect(line.make(letter + letter) == ["raised inspection.reject_rate"])
    }

    @Test func goodPartsThatDriftTowardsTheThresholdAreSaidBeforeTheyAreRejected() {
        var line = Line()
        #expect(line.make(Self.good(500), deviation: 0.5).isEmpty)
        #expect(line.make(Self.good(3), deviation: 40).isEmpty, "three parts alone prove nothing")
        #expect(line.make(Self.good(200), deviation: 0).isEmpty)
        #expect(line.make(Self.good(60), deviation: 1.5) == ["raised inspection.drift"])
        #expect(line.make(Self.good(60), deviation: 0) == ["cleared inspection.drift"])
    }

    @Test func whatIsNotJudgedIsNoRejectAndHasItsOwnAlert() {
        var line = Line()
        #expect(line.make(Self.good(20) + "d.d.d.").isEmpty)
        #expect(line.make("d") == ["raised inspection.not_judged"])
        #expect(line.engine.open[.notJudged]?.title.english.hasSuffix("picture.too_dark") == true)
        #expect(line.make(Self.good(20)) == ["cleared inspection.not_judged"])
    }

    @Test func eachMayBeOff() {
        var settings = StationDefinition.Alerts()
        (settings.rejectRate, settings.burst, settings.drift, settings.notJudged) = (nil, nil, nil, nil)
        var line = Line(settings)
        #expect(line.make(String(repeating: "sd.", count: 50), deviation: 9).isEmpty)
    }

    @Test func bothLanguagesSayWhatToDoForEveryReason() {
        for kind in StationAlertEngine.Kind.allCases {
            for name in ["picture.missing", "part.late", "recipe.unknown", "picture.too_dark"] {
                let texts = StationAlertTexts(
                    kind, .init(value: 1, limit: 1, name: name, count: 3, of: 10), evidence: "evidence/press-3/1.png")
                for language in Language.allCases {
                    #expect(!texts.action[language].isEmpty && texts.cause[language].contains("evidence/press-3/1.png"))
                }
            }
        }
    }

    // MARK: In the store

    @Test func anAlertItsMessagesAndTheVerdictSurviveARestartTogether() async throws {
        let folder = try StationBench.folder()
        let alerts = "alerts: { burst: never, reject_rate: { share: 0.3, of: 10 } }"
        do {
            let bench = try await StationBench(alerts, in: folder)
            for receipt in 1...2 { try await bench.show(StationBench.blot, receipt: UInt64(receipt)) }
            #expect(try await bench.store.alerts().isEmpty)
            await bench.store.close()
        }
        let id: String
        do {
            let bench = try await StationBench(alerts, in: folder)
            try await bench.show(StationBench.blot, receipt: 3)
            let alert = try #require(try await bench.store.openAlerts().first)
            #expect(alert.code == "inspection.reject_rate" && alert.asset == "press-3")
            #expect(try await bench.store.nextBatch(rows: 100, bytes: 1 << 20).count { $0.kind == .alert } == 1)
            id = alert.id
            await bench.store.close()
        }
        let bench = try await StationBench(alerts, in: folder)
        try await bench.store.apply([.acknowledge(alert: id, by: "operator")])
        try await bench.stations.takeAcknowledgements()
        for receipt in 4...15 { try await bench.show(StationBench.good, receipt: UInt64(receipt)) }
        let history = try #require(try await bench.store.alert(id))
        #expect(history.transitions.map(\.state) == [.active, .acknowledged, .cleared])
        #expect(try await bench.store.alerts().count == 1, "raised once, whatever was restarted")
    }
}
