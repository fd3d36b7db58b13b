internal import FoundationEssentials
package import Plant

/// The line of a pack for pictures: from nothing to a network that looks at parts, proven on this machine.
///
/// Blocks for as long as the training takes; what was made of the same scripts and settings is taken from the cache.
package struct SurfaceInspectionLine: Sendable {
    package struct Outcome: Sendable {
        /// The `.mwplan` file, and the same network in real numbers.
        package var plan: [UInt8]
        package var exported: [UInt8]
        package var report: SurfaceInspectionReport
        /// Drawn pictures, what the network says of them, what was drawn.
        package var sheet: [UInt8]
    }

    private let work: SurfaceInspectionWork
    private let cache: StageCache

    /// - Parameter seed: nil for the pack's own.
    package init(
        pack: SurfaceInspectionPack, scripts: PackScripts, workshop: any Workshop, seed: UInt64? = nil,
        cacheDirectory: String
    ) {
        work = SurfaceInspectionWork(pack: pack, seed: seed ?? pack.line.seed, scripts: scripts, workshop: workshop)
        cache = StageCache(directory: cacheDirectory)
    }

    /// Runs all stages.
    ///
    /// - Parameters:
    ///   - clock: for the times in the report only.
    ///   - progress: called from the calling thread.
    package func run(
        clock: any PlantClock, progress: (StageProgress) -> Void = { _ in }
    ) throws(LineError) -> Outcome {
        var work = work
        let times = try StageRun(stages: SurfaceInspectionStages.order, cache: cache)
            .run(&work, clock: clock, progress: progress)
        let exported = try Artefact.need(work.exported, "an exported network", stage: "report")
        let trained = try Artefact.need(work.trained, "a trained network", stage: "report")
        let distilled = try Artefact.need(work.distilled, "a finished network", stage: "report")
        let quantized = try Artefact.need(work.quantized, "a quantized network", stage: "report")
        let proof = try Artefact.need(work.proof, "a proof", stage: "report")
        let examined = try Artefact.need(work.examined, "figures", stage: "report")
        let plan = [UInt8](proof.plan)
        let report = SurfaceInspectionReport(
            pack: "\(work.pack.name) \(work.pack.version)", seed: work.seed,
            modelDigest: try Artefact.fileDigest(plan), modelBytes: plan.count,
            exportedDigest: try Artefact.fileDigest(exported), history: trained.history, distilled: distilled.history,
            layers: quantized.layers,
            comparedPictures: quantized.pictures, receiptCases: proof.receiptCases, looks: examined.looks,
            sitePictures: examined.sitePictures, sitePlaces: examined.sitePlaces, stages: times)
        return Outcome(plan: plan, exported: exported, report: report, sheet: [UInt8](examined.sheet))
    }
}

/// The catalogue. Signing and rolling out follow, by whoever holds the keys.
package enum SurfaceInspectionStages {
    package static let order: [any Stage<SurfaceInspectionWork>.Type] = [
        DrawPictures.self, TrainBackbone.self, DistilBackbone.self, ExportBackbone.self, QuantizeBackbone.self,
        ProveBackbone.self, ExamineBackbone.self,
    ]
}

/// What a run of the line has to show for itself, besides the network.
package struct SurfaceInspectionReport: Codable, Hashable, Sendable {
    package var pack: String
    package var seed: UInt64
    /// SHA-256 of the plan file and of the network in real numbers, hex.
    package var modelDigest: String
    package var modelBytes: Int
    package var exportedDigest: String
    package var history: [TrainedBackbone.Moment]
    package var distilled: [DistilledBackbone.Moment]
    /// In the order of computation.
    package var layers: [QuantizedBackbone.Layer]
    package var comparedPictures: Int
    package var receiptCases: Int
    package var looks: [String: Double]
    package var sitePictures: [Double]
    package var sitePlaces: [Double]
    package var stages: [StageTime]

    /// The report as JSON, to be read by people.
    /// - Throws: `.artefact` for a number that JSON cannot hold.
    package func json() throws(LineError) -> [UInt8] { try Artefact.readable(self, stage: "report") }
}
