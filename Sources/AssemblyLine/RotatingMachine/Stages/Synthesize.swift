internal import Signals

/// Adds the vibration of defects to normal windows, so that a report can say what the model would see.
///
/// None of it enters the training: a machine that has never failed must be judged from its normal running alone.
package enum Synthesize: Stage {
    package static let name = "synthesize"
    package static let revision = 1

    /// Strike peaks as multiples of the window's RMS: from hidden in the noise to plain to see.
    static let levels = [0.5, 1, 2, 4, 8]
    static let windowsPerCase = 12

    package static func inputs(of work: RotatingMachineWork) throws(LineError) -> [[UInt8]] {
        try Curate.inputs(of: work) + [
            Artefact.bytes(work.seed, stage: name), Artefact.bytes(work.pack.machine.resonance, stage: name),
            Artefact.bytes(work.curated, stage: name),
        ]
    }

    package static func run(_ work: RotatingMachineWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let curated = try Artefact.need(work.curated, "curated windows", stage: name)
        var result = SyntheticFaults(cases: [])
        do throws(SignalError) {
            let analyzer = try Analyzer(shape: curated.window, geometry: curated.geometry)
            let defects = Defect.allCases.filter { $0 != .none }
            for (index, defect) in defects.enumerated() {
                for level in levels { result.cases.append(try makeCase(defect, level, work, curated, analyzer)) }
                report(Double(index + 1) / Double(defects.count))
            }
        } catch { throw .window(error) }
        return try Artefact.bytes(result, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout RotatingMachineWork) throws(LineError) {
        work.synthetic = try Artefact.value(SyntheticFaults.self, output, stage: name)
    }

    private static func makeCase(
        _ defect: Defect, _ level: Double, _ work: RotatingMachineWork, _ curated: Curated, _ analyzer: Analyzer
    ) throws(SignalError) -> SyntheticFaults.Case {
        var made = SyntheticFaults.Case(defect: defect, level: level, features: [], speeds: [], loads: [])
        var features = [Double](repeating: 0, count: Feature.allCases.count)
        let count = min(windowsPerCase, curated.positions.count)
        for number in 0..<count {
            let row = number * curated.positions.count / count
            let moment = work.recording.moments[curated.positions[row]]
            var random = RandomSource(seed: work.seed, stream: 0x5EED_0000 + UInt64(curated.positions[row]))
            let faulty = adding(defect, level, to: moment, work, curated, &random)
            try analyzer.analyze(faulty, shaftHertz: moment.speedRPM / 60, into: &features)
            made.features.append(features)
            made.speeds.append(moment.speedRPM)
            if let load = moment.loadPercent { made.loads.append(load) }
        }
        return made
    }

    private static func adding(
        _ defect: Defect, _ level: Double, to moment: Recording.Moment, _ work: RotatingMachineWork, _ curated: Curated,
        _ random: inout RandomSource
    ) -> [Float] {
        var window = moment.window.map(Double.init)
        let mean = Statistics.mean(window)
        let rms = Statistics.mean(window.map { ($0 - mean) * ($0 - mean) }).squareRoot()
        let shaftHertz = moment.speedRPM / 60
        if let strikes = defect.strikes(curated.geometry.orders) {
            // A resonance above the usable band of this sensor would not be seen; take one in its middle instead.
            var resonance = work.pack.machine.resonance
            let top = curated.window.rateHertz / 2 * Analyzer.usableShare
            if resonance.hertz > 0.9 * top { resonance.hertz = top / 2 }
            DefectVibration.add(
                strikes, amplitude: level * rms, to: &window, rateHertz: curated.window.rateHertz,
                shaftHertz: shaftHertz, resonance: resonance, random: &random)
        } else {
            let phase = random.uniform()
            for index in window.indices {
                let turns = Double(index) * shaftHertz / curated.window.rateHertz + phase
                window[index] += level * rms * Elementary.cosine(turns: turns)
            }
        }
        return window.map { Float($0) }
    }
}
