internal import FoundationEssentials

/// Trains the network on drawn pictures; one that was cut goes on at its last checkpoint.
package enum TrainBackbone: Stage {
    package static let name = "train"
    package static let revision = 1
    private static let script = "train.py"

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        let line = work.pack.line
        return [Array("\(work.seed) \(line.steps) \(line.until) \(line.surfaces)".utf8)]
            + work.scripts.inputs(of: script)
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        // Checkpoints of other scripts or settings are other trainings.
        let key = try Artefact.digest(inputs(of: work), stage: name)
        let folder = try work.workshop.folder("\(name)-\(key.prefix(16))")
        let line = work.pack.line
        try work.workshop.run(
            script,
            [
                "--steps", "\(line.steps)", "--until", "\(line.until)", "--seed", "\(work.seed)",
                "--surfaces", "\(line.surfaces)", "--limit", "\(line.limit.components.seconds)", "--output", folder,
            ]
        ) { said in
            if let step = step(said) { report(min(Double(step) / Double(line.until), 1)) }
        }
        let history = try Artefact.value(
            [TrainedBackbone.Moment].self, work.workshop.bytes("\(folder)/history.json"), stage: name)
        let trained = TrainedBackbone(
            weights: Data(try work.workshop.bytes("\(folder)/weights.npz")), history: history)
        return try Artefact.bytes(trained, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        work.trained = try Artefact.value(TrainedBackbone.self, output, stage: name)
    }

    /// Of a line `step 50: ...`.
    static func step(_ line: String) -> Int? {
        guard line.hasPrefix("step ") else { return nil }
        return Int(line.dropFirst("step ".count).prefix { $0.isNumber })
    }
}
