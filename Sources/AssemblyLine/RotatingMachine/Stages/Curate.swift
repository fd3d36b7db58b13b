internal import Scoring
internal import Signals

/// Takes the features of every usable window and leaves out what is not steady running.
package enum Curate: Stage {
    package static let name = "curate"
    package static let revision = 1

    /// Fewer say nothing about a machine's spread.
    package static let leastWindows = 16
    /// Starts and stops belong to a machine's record but not to its normal running; more than this share left out would
    /// be making the record look better than it is.
    static let largestUnsteadyShare = 0.1
    /// A window this far from the middle of the record, in robust deviations over all features, is not steady.
    static let unsteadyDistance = 4.0

    package static func inputs(of work: RotatingMachineWork) throws(LineError) -> [[UInt8]] {
        let recording = work.recording
        var bytes: [UInt8] = []
        bytes.reserveCapacity(recording.moments.count * (4 * recording.shape.samples + 16))
        for moment in recording.moments {
            // SAFETY: the bytes are copied before the closures end.
            moment.window.withUnsafeBytes { bytes.append(contentsOf: $0) }
            for number in [moment.speedRPM, moment.loadPercent ?? .nan] {
                withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return [
            try Artefact.bytes(recording.shape, stage: name), try Artefact.bytes(recording.geometry, stage: name),
            try Artefact.bytes(recording.overlap, stage: name), bytes,
        ]
    }

    package static func run(_ work: RotatingMachineWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let recording = work.recording
        let analyzer: Analyzer
        do throws(SignalError) {
            analyzer = try Analyzer(shape: recording.shape, geometry: recording.geometry)
        } catch { throw .window(error) }
        var curated = Curated(
            window: recording.shape, geometry: recording.geometry, features: [], speeds: [], loads: [], positions: [],
            overlap: recording.overlap, refused: [:], unsteady: 0)
        let hasLoad = recording.moments.allSatisfy { $0.loadPercent?.isFinite == true }
        var features = [Double](repeating: 0, count: Feature.allCases.count)
        for (index, moment) in recording.moments.enumerated() {
            do throws(SignalError) {
                try analyzer.analyze(moment.window, shaftHertz: moment.speedRPM / 60, into: &features)
                curated.features.append(features)
                curated.speeds.append(moment.speedRPM)
                if hasLoad { curated.loads.append(moment.loadPercent ?? 0) }
                curated.positions.append(index)
            } catch { curated.refused[reason(error), default: 0] += 1 }
            if index % 16 == 15 { report(Double(index) / Double(recording.moments.count)) }
        }
        leaveOutUnsteady(&curated)
        guard curated.features.count >= leastWindows else {
            throw .recording(
                "expected at least \(leastWindows) usable windows of normal running, found \(curated.features.count)"
                    + " (refused: \(curated.refused.values.reduce(0, +)), unsteady: \(curated.unsteady))")
        }
        return try Artefact.bytes(curated, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout RotatingMachineWork) throws(LineError) {
        work.curated = try Artefact.value(Curated.self, output, stage: name)
    }

    /// One word a kind, so that a report does not list every index of every NaN.
    private static func reason(_ error: SignalError) -> String {
        switch error {
        case .wrongLength: "wrong length"
        case .notFinite: "not finite"
        case .flatLine: "flat line"
        case .speedNotAnalysable: "speed not analysable"
        case .badShape, .badGeometry: "not analysable"
        }
    }

    private static func leaveOutUnsteady(_ curated: inout Curated) {
        let count = curated.features.count
        guard count >= leastWindows else { return }
        var distances = [Double](repeating: 0, count: count)
        for (column, feature) in Feature.allCases.enumerated() {
            let values = curated.features.map { $0[column] }
            let middle = Statistics.median(values)
            // 1.4826: the median of the absolute deviations of normal numbers is 1/1.4826 of their deviation.
            let spread = max(
                1.4826 * Statistics.median(values.map { abs($0 - middle) }), feature.leastDeviation)
            for row in 0..<count {
                let deviation = min(abs(values[row] - middle) / spread, 20)
                distances[row] += deviation * deviation / Double(Feature.allCases.count)
            }
        }
        let allowed = Int(largestUnsteadyShare * Double(count))
        let worst = (0..<count).filter { distances[$0] > unsteadyDistance * unsteadyDistance }
            .sorted { (distances[$1], $0) < (distances[$0], $1) }
        let leftOut = Set(worst.prefix(allowed))
        curated.unsteady = leftOut.count
        let kept = (0..<count).filter { !leftOut.contains($0) }
        curated.features = kept.map { curated.features[$0] }
        curated.speeds = kept.map { curated.speeds[$0] }
        if !curated.loads.isEmpty { curated.loads = kept.map { curated.loads[$0] } }
        curated.positions = kept.map { curated.positions[$0] }
    }
}
