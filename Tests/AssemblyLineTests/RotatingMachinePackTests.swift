import Alerts
import AssemblyLine
import Foundation
import Plant
import Scoring
import Signals
import Testing

/// The committed pack: its model is what the line makes, and its recording raises the alerts that it promises.
@Suite struct RotatingMachinePackTests {
    static let folder = "\(Fixtures.root)/solutions/rotating-machine"

    @Test func theCommittedModelIsWhatTheLineMakes() throws {
        let pack = try Fixtures.pack()
        let made = try RotatingMachineLine(pack: pack).run(clock: Fixtures.Clock()).plan
        let committed = try Fixtures.bytes("\(Self.folder)/\(pack.modelFile)")
        #expect(made == committed, "run `millwright line run solutions/rotating-machine` and commit the model")
    }

    struct Expected: Decodable {
        struct Alert: Decodable {
            var kind: String
            var code: String
            var severity: String
            /// First and last window in which it may come.
            var windows: [Int]
        }
        var alerts: [Alert]
    }

    static func engine() throws -> AlertEngine {
        let path = "\(folder)/rules.yaml"
        let rules = try RuleSet.parse(Fixtures.bytes(path), file: path, features: Feature.allCases.map(\.rawValue))
        return AlertEngine(asset: "machine", rules: rules)
    }

    static func judgement(_ score: Score, _ index: Int) -> Judgement {
        Judgement(
            asset: "machine", time: WallTime(seconds: Double(index)),
            monotonic: MonotonicTime(nanoseconds: Int64(index)),
            verdict: .scored(score: score.value, threshold: score.threshold, contributions: score.contributions),
            modelDigest: "")
    }

    @Test func theRecordingRaisesTheExpectedAlertsAndNoOther() throws {
        let pack = try Fixtures.pack()
        let scorer = try Fixtures.scorer(Fixtures.bytes("\(Self.folder)/\(pack.modelFile)"))
        let script = try RecordingScript.parse(
            Fixtures.bytes("\(Self.folder)/replay/recording.yaml"), file: "recording.yaml")
        var engine = try Self.engine()
        var found: [(window: Int, event: AlertEvent)] = []
        for moment in RecordingPlayer(script: script, pack: pack) {
            let score = try scorer.score(
                window: moment.window, rateHertz: pack.window.rateHertz, speedRPM: moment.speedRPM,
                load: moment.loadPercent)
            for event in engine.judge(Self.judgement(score, moment.index)) where event.isPublished {
                found.append((moment.index, event))
            }
        }
        let json = Data(try Fixtures.bytes("\(Self.folder)/replay/expected-alerts.json"))
        let expected = try JSONDecoder().decode(Expected.self, from: json).alerts
        try #require(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(found.event.kind.rawValue == expected.kind)
            #expect(found.event.alert.code == expected.code)
            #expect(found.event.alert.severity.rawValue == expected.severity)
            #expect((expected.windows[0]...expected.windows[1]).contains(found.window))
            #expect(found.event.alert.features.first?.feature == "envelope_bpfo")
        }
    }

    @Test(
        arguments: zip(
            [Defect.innerRace, .rollingElement, .unbalance],
            ["bearing.inner_race", "bearing.rolling_element", "machine.unbalance"]))
    func everyKindOfDefectIsCalledByItsName(defect: Defect, code: String) throws {
        let pack = try Fixtures.pack()
        let scorer = try Fixtures.scorer(Fixtures.bytes("\(Self.folder)/\(pack.modelFile)"))
        let simulator = BearingSimulator(
            machine: pack.machine, shape: pack.window, geometry: pack.bearing, seed: 31)
        var engine = try Self.engine()
        var raised: [String] = []
        for index in 0..<30 {
            let severity = 0.2 + 0.4 * Double(index) / 29
            let moment = simulator.moment(
                index: index, loadPercent: 30 + Double(index * 13 % 60), defect: defect, severity: severity)
            let score = try scorer.score(
                window: moment.window, rateHertz: pack.window.rateHertz, speedRPM: moment.speedRPM,
                load: moment.loadPercent)
            raised += engine.judge(Self.judgement(score, index)).filter { $0.kind == .raised }.map(\.alert.code)
        }
        #expect(raised == [code])
    }
}
