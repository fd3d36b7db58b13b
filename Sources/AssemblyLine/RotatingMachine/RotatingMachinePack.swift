package import Plant
package import Signals
internal import YAML

/// A pack that judges a machine by its vibration, as its `pack.yaml` describes it.
package struct RotatingMachinePack: Sendable {
    package struct Input: Hashable, Sendable {
        /// `vibration`, `speed` or `load`.
        package var name: String
        package var unit: String
        /// A value older than this does not describe the window; nil for the vibration itself.
        package var largestAge: Duration?
    }

    /// How the line makes the model.
    package struct Line: Hashable, Sendable, Codable {
        package var seed: UInt64
        /// Windows of simulated normal running to learn from when no recording is given.
        package var windows: Int
        /// Loads that the simulated machine runs at, percent.
        package var lowestLoad: Double
        package var highestLoad: Double
        /// Training steps of the network.
        package var steps: Int
        /// Share of normal windows that may score above the threshold.
        package var falseAlarmBudget: Double
    }

    package var name: String
    package var version: String
    package var title: LocalizedText
    package var inputs: [Input]
    package var window: WindowShape
    package var bearing: BearingGeometry
    /// Model file, relative to the pack's folder.
    package var modelFile: String
    package var modelVersion: String
    package var line: Line
    package var machine: BearingSimulator.Machine

    /// Reads a `pack.yaml` of this kind.
    /// - Throws: `.pack` with every mistake and its place.
    package static func parse(_ bytes: [UInt8], file: String) throws(LineError) -> RotatingMachinePack {
        guard case .rotatingMachine(let pack) = try Pack.parse(bytes, file: file) else {
            throw .pack("\(file): expected a pack of kind \(Pack.Kind.rotatingMachine.rawValue), found another")
        }
        return pack
    }
}

extension RotatingMachinePack {
    init?(_ header: Pack.Header?, reading reader: inout MappingReader) {
        let vibration = reader.required("inputs", .mapping { Self.inputs(&$0) })
        let bearing = reader.required("bearing", .mapping { BearingGeometry(reading: &$0) })
        let model = reader.required(
            "model",
            .mapping { model -> (file: String, version: String)? in
                guard let file = model.required("file", .text(200)), let version = model.required("version", .text(32))
                else { return nil }
                return (file, version)
            })
        let line = reader.required("line", .mapping { Line(reading: &$0) })
        let machine = reader.optional(
            "machine", .mapping { BearingSimulator.Machine(reading: &$0) }, default: BearingSimulator.Machine())
        guard let header, let vibration, let bearing, let model, let line else { return nil }
        self.init(
            name: header.name, version: header.version, title: header.title, inputs: vibration.inputs,
            window: vibration.window,
            bearing: bearing, modelFile: model.file, modelVersion: model.version, line: line, machine: machine)
    }

    private static func inputs(_ reader: inout MappingReader) -> (inputs: [Input], window: WindowShape)? {
        let ages: ClosedRange<Duration> = .milliseconds(1)...(.seconds(3_600))
        let vibration = reader.required(
            "vibration",
            .mapping { input -> (Input, WindowShape)? in
                let unit = input.required("unit", .choice(["g", "m/s2"]))
                let samples = input.required(
                    "samples", .integer(WindowShape.allowedSamples.lowerBound...WindowShape.allowedSamples.upperBound))
                let rate = input.required("rate_hz", .number(100...1_000_000))
                guard let unit, let samples, let rate else { return nil }
                return (
                    Input(name: "vibration", unit: unit, largestAge: nil),
                    WindowShape(samples: samples, rateHertz: rate)
                )
            })
        var inputs: [Input] = []
        for (name, unit) in [("speed", "rpm"), ("load", "%")] {
            let input = reader.required(
                name,
                .mapping { input -> Input? in
                    let unit = input.required("unit", .choice([unit]))
                    let age = input.required("largest_age", .duration(ages))
                    guard let unit, let age else { return nil }
                    return Input(name: name, unit: unit, largestAge: age)
                })
            if let input { inputs.append(input) }
        }
        guard let vibration, inputs.count == 2 else { return nil }
        return ([vibration.0] + inputs, vibration.1)
    }
}

extension BearingGeometry {
    fileprivate init?(reading reader: inout MappingReader) {
        _ = reader.optional("designation", .text(80))
        let elements = reader.required("rolling_elements", .integer(3...100))
        let diameter = reader.required("element_diameter_mm", .number(0.1...1_000))
        let pitch = reader.required("pitch_diameter_mm", .number(1...10_000))
        let angle = reader.optional("contact_angle_deg", .number(0...89), default: 0)
        guard let elements, let diameter, let pitch else { return nil }
        self.init(
            rollingElements: elements, elementDiameterMillimetres: diameter, pitchDiameterMillimetres: pitch,
            contactAngleDegrees: angle)
        if let flaw { reader.diagnostics.report(at: reader.node, path: reader.path, expected: flaw) }
    }
}

extension RotatingMachinePack.Line {
    fileprivate init?(reading reader: inout MappingReader) {
        let seed = reader.required("seed", .integer(0...Int.max))
        let windows = reader.required("windows", .integer(32...10_000))
        let load = reader.required("load", .sequence(of: .number(0...120), count: 2...2))
        let steps = reader.required("steps", .integer(1...1_000_000))
        let budget = reader.required("false_alarm_budget", .number(1e-9...0.1))
        guard let seed, let windows, let load, load[0] <= load[1], let steps, let budget else { return nil }
        self.init(
            seed: UInt64(seed), windows: windows, lowestLoad: load[0], highestLoad: load[1], steps: steps,
            falseAlarmBudget: budget)
    }
}

extension BearingSimulator.Machine {
    fileprivate init?(reading reader: inout MappingReader) {
        self.init()
        let acceleration: Kind<Double> = .number(0...1_000)
        idleRPM = reader.optional("idle_rpm", .number(60...60_000), default: idleRPM)
        slipRPM = reader.optional("slip_rpm", .number(0...3_000), default: slipRPM)
        unbalanceG = reader.optional("unbalance_g", acceleration, default: unbalanceG)
        misalignmentG = reader.optional("misalignment_g", acceleration, default: misalignmentG)
        noiseG = reader.optional("noise_g", acceleration, default: noiseG)
        loadNoiseG = reader.optional("load_noise_g", acceleration, default: loadNoiseG)
        sensorNoiseG = reader.optional("sensor_noise_g", acceleration, default: sensorNoiseG)
        resonance.hertz = reader.optional("resonance_hz", .number(10...100_000), default: resonance.hertz)
        resonance.damping = reader.optional("damping", .number(0.001...0.9), default: resonance.damping)
        grownDefectG = reader.optional("grown_defect_g", acceleration, default: grownDefectG)
        grownUnbalanceFactor = reader.optional(
            "grown_unbalance_factor", .number(1...1_000), default: grownUnbalanceFactor)
    }
}
