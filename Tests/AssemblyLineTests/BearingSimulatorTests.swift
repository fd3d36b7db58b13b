import AssemblyLine
import Signals
import Testing

@Suite struct BearingSimulatorTests {
    static func simulator(seed: UInt64 = 1) throws -> BearingSimulator {
        let pack = try Fixtures.pack()
        return BearingSimulator(machine: pack.machine, shape: pack.window, geometry: pack.bearing, seed: seed)
    }

    /// Mean of each feature over some windows.
    static func features(_ defect: Defect, severity: Double) throws -> [Feature: Double] {
        let simulator = try simulator()
        let analyzer = try Analyzer(shape: simulator.shape, geometry: simulator.geometry)
        var sum = [Double](repeating: 0, count: Feature.allCases.count)
        var one = sum
        for index in 0..<6 {
            let moment = simulator.moment(index: index, loadPercent: 60, defect: defect, severity: severity)
            try analyzer.analyze(moment.window, shaftHertz: moment.speedRPM / 60, into: &one)
            for at in sum.indices { sum[at] += one[at] / 6 }
        }
        return Dictionary(uniqueKeysWithValues: zip(Feature.allCases, sum))
    }

    @Test func aWindowDependsOnSeedAndNumberOnly() throws {
        let simulator = try Self.simulator()
        let a = simulator.moment(index: 41, loadPercent: 60)
        _ = simulator.moment(index: 42, loadPercent: 60)
        #expect(simulator.moment(index: 41, loadPercent: 60).window == a.window)
        #expect(simulator.moment(index: 42, loadPercent: 60).window != a.window)
        #expect(try Self.simulator(seed: 2).moment(index: 41, loadPercent: 60).window != a.window)
    }

    @Test func aDefectOfNoSeverityIsNone() throws {
        let simulator = try Self.simulator()
        let sound = simulator.moment(index: 3, loadPercent: 60).window
        for defect in Defect.allCases {
            #expect(simulator.moment(index: 3, loadPercent: 60, defect: defect, severity: 0).window == sound)
        }
    }

    @Test(
        arguments: zip(
            [Defect.outerRace, .innerRace, .rollingElement],
            [Feature.envelopeOuterRace, .envelopeInnerRace, .envelopeRollingElement]))
    func aBearingDefectStandsOutAtItsOwnFrequency(defect: Defect, feature: Feature) throws {
        let sound = try Self.features(.none, severity: 0)
        let worn = try Self.features(defect, severity: 0.5)
        let lines = [Feature.envelopeOuterRace, .envelopeInnerRace, .envelopeRollingElement]
        let rises = lines.map { (worn[$0] ?? 0) / (sound[$0] ?? 1) }
        let own = try #require(lines.firstIndex(of: feature))
        #expect(rises[own] > 3)
        for other in lines.indices where other != own { #expect(rises[own] > 1.8 * rises[other], "\(lines[other])") }
    }

    @Test func unbalanceShowsAtTheShaftSpeedByItsSquare() throws {
        let sound = try Self.features(.none, severity: 0)
        let worn = try Self.features(.unbalance, severity: 1)
        // Eight times the amplitude: the power rises by 2 ln 8.
        let rise = (worn[.shaft1] ?? 0) - (sound[.shaft1] ?? 0)
        #expect(abs(rise - 4.16) < 0.3)
        #expect(abs((worn[.envelopeOuterRace] ?? 0) - (sound[.envelopeOuterRace] ?? 0)) < 0.5)
    }

    @Test func loadMakesTheMachineSlowerAndLouder() throws {
        let simulator = try Self.simulator()
        func level(_ load: Double) -> (rms: Double, speed: Double) {
            let moments = (0..<8).map { simulator.moment(index: $0, loadPercent: load) }
            let power = moments.flatMap(\.window).reduce(0.0) { $0 + Double($1) * Double($1) }
            return ((power / Double(8 * simulator.shape.samples)).squareRoot(), moments[0].speedRPM)
        }
        #expect(level(100).rms > 1.2 * level(20).rms)
        #expect(level(100).speed < level(20).speed - 20)
    }

    @Test func theRecordingPlaysItsPhasesInOrder() throws {
        let pack = try Fixtures.pack()
        let path = "\(Fixtures.root)/solutions/rotating-machine/replay/recording.yaml"
        var script = try RecordingScript.parse(Fixtures.bytes(path), file: path)
        script.phases[0].windows = 4
        script.phases[1].windows = 5
        let moments = Array(RecordingPlayer(script: script, pack: pack))
        #expect(moments.map(\.index) == Array(0..<9))
        #expect(moments.map(\.severity) == [0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1])
        #expect(moments.map(\.defect).prefix(4).allSatisfy { $0 == .none })
        #expect(moments[8].offsetSeconds == 8 * script.intervalSeconds)
        #expect(moments.allSatisfy { $0.window.count == pack.window.samples && (25...95).contains($0.loadPercent) })
        #expect(Array(RecordingPlayer(script: script, pack: pack)).map(\.window) == moments.map(\.window))
    }
}
