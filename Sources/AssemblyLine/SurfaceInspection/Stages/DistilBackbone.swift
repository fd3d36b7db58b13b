internal import FoundationEssentials

/// Teaches the trained network what networks that know photographs see in drawn pictures; one that was cut goes on where it was.
package enum DistilBackbone: Stage {
    package static let name = "distil"
    package static let revision = 1
    private static let script = "distil.py"

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        let trained = try Artefact.need(work.trained, "a trained network", stage: name)
        let line = work.pack.line
        return [Array("\(work.seed) \(line.distilPictures) \(line.distilSteps)".utf8), [UInt8](trained.weights)]
            + work.scripts.inputs(of: script)
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let trained = try Artefact.need(work.trained, "a trained network", stage: name)
        let key = try Artefact.digest(inputs(of: work), stage: name)
        let folder = try work.workshop.folder("\(name)-\(key.prefix(16))")
        let before = "\(folder)/before.npz"
        try work.workshop.write([UInt8](trained.weights), to: before)
        let line = work.pack.line
        try work.workshop.run(
            script,
            [
                before, "--pictures", "\(line.distilPictures)", "--steps", "\(line.distilSteps)", "--seed",
                "\(work.seed)", "--limit", "\(line.limit.components.seconds)", "--output", folder,
            ]
        ) { said in
            if let step = TrainBackbone.step(said) { report(min(Double(step) / Double(line.distilSteps), 1)) }
        }
        let history = try Artefact.value(
            [DistilledBackbone.Moment].self, work.workshop.bytes("\(folder)/history.json"), stage: name)
        let distilled = DistilledBackbone(
            weights: Data(try work.workshop.bytes("\(folder)/weights.npz")), history: history)
        return try Artefact.bytes(distilled, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        work.distilled = try Artefact.value(DistilledBackbone.self, output, stage: name)
    }
}
