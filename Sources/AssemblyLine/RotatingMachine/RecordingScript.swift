internal import Signals
internal import YAML

/// What a pack replays: `replay/recording.yaml`. The windows themselves are made from its seed when they are needed.
package struct RecordingScript: Sendable {
    package struct Phase: Sendable, Hashable {
        package var name: String
        package var windows: Int
        /// Load wanders between these, in percent.
        package var load: ClosedRange<Double>
        package var defect: Defect
        /// Severity in the first and in the last window of the phase.
        package var severity: (from: Double, to: Double)

        package static func == (a: Self, b: Self) -> Bool {
            a.name == b.name && a.windows == b.windows && a.load == b.load && a.defect == b.defect
                && a.severity == b.severity
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(windows)
        }
    }

    package var seed: UInt64
    /// Time from the beginning of one window to the beginning of the next.
    package var intervalSeconds: Double
    package var phases: [Phase]

    package var windowCount: Int { phases.reduce(0) { $0 + $1.windows } }

    /// Reads `recording.yaml`.
    /// - Throws: `.pack` with every mistake and its place.
    package static func parse(_ bytes: [UInt8], file: String) throws(LineError) -> RecordingScript {
        try PackText.read(bytes, file: file) { reader in
            let seed = reader.required("seed", .integer(0...Int.max))
            let interval = reader.required("window_every_s", .number(0.01...86_400))
            let phases = reader.required(
                "phases", .sequence(of: .mapping { Phase(reading: &$0) }, count: 1...100))
            guard let seed, let interval, let phases else { return nil }
            return RecordingScript(seed: UInt64(seed), intervalSeconds: interval, phases: phases)
        }
    }
}

extension RecordingScript.Phase {
    fileprivate init?(reading reader: inout MappingReader) {
        let name = reader.required("name", .text(80))
        let windows = reader.required("windows", .integer(1...100_000))
        let load = reader.required("load", .sequence(of: .number(0...120), count: 2...2))
        let defect = reader.optional("defect", .choice(Defect.self), default: .none)
        let severity = reader.optional("severity", .sequence(of: .number(0...1), count: 2...2), default: [0, 0])
        guard let name, let windows, let load, load[0] <= load[1] else { return nil }
        self.init(
            name: name, windows: windows, load: load[0]...load[1], defect: defect, severity: (severity[0], severity[1]))
    }
}

/// Plays a script: the windows with speed and load in the order of time, made one by one.
package struct RecordingPlayer: Sequence, IteratorProtocol, Sendable {
    package struct Moment: Sendable {
        package var index: Int
        /// From the beginning of the recording.
        package var offsetSeconds: Double
        package var window: [Float]
        package var speedRPM: Double
        package var loadPercent: Double
        package var phase: String
        package var defect: Defect
        package var severity: Double
    }

    package let script: RecordingScript
    package let simulator: BearingSimulator
    private var index = 0

    package init(script: RecordingScript, pack: RotatingMachinePack) {
        self.script = script
        simulator = BearingSimulator(
            machine: pack.machine, shape: pack.window, geometry: pack.bearing, seed: script.seed)
    }

    package mutating func next() -> Moment? {
        var inPhase = index
        guard
            let phase = script.phases.first(where: { phase in
                if inPhase < phase.windows { return true }
                inPhase -= phase.windows
                return false
            })
        else { return nil }
        let share = phase.windows > 1 ? Double(inPhase) / Double(phase.windows - 1) : 0
        let severity = phase.severity.from + (phase.severity.to - phase.severity.from) * share
        let load = LoadProfile.load(at: index, in: phase.load)
        let made = simulator.moment(index: index, loadPercent: load, defect: phase.defect, severity: severity)
        defer { index += 1 }
        return Moment(
            index: index, offsetSeconds: Double(index) * script.intervalSeconds, window: made.window,
            speedRPM: made.speedRPM, loadPercent: made.loadPercent, phase: phase.name, defect: phase.defect,
            severity: severity)
    }
}

/// How load wanders over a shift: two slow waves that do not repeat together.
enum LoadProfile {
    static func load(at index: Int, in range: ClosedRange<Double>) -> Double {
        let wave = 0.6 * Elementary.sine(turns: Double(index) / 37) + 0.4 * Elementary.sine(turns: Double(index) / 11.3)
        return range.lowerBound + (range.upperBound - range.lowerBound) * (0.5 + 0.5 * wave)
    }
}
