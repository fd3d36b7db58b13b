package import Plant
internal import Scoring

/// The line of a machine's pack: from normal running to a plan file that is proven on this machine.
///
/// The same pack, recording and seed give the same plan file, byte for byte, on every machine. Blocks for seconds; call it on
/// an executor of its own.
package struct RotatingMachineLine: Sendable {
    package struct Outcome: Sendable {
        /// The `.mwplan` file.
        package var plan: [UInt8]
        package var report: RotatingMachineReport
    }

    private let work: RotatingMachineWork
    private let cache: StageCache?

    /// - Parameters:
    ///   - recording: normal running of the machine that the model is for; nil to learn from the pack's simulated machine.
    ///   - seed: nil for the pack's own.
    ///   - cacheDirectory: where outcomes of stages are kept; nil to keep none.
    package init(
        pack: RotatingMachinePack, recording: Recording? = nil, seed: UInt64? = nil, cacheDirectory: String? = nil
    ) {
        let seed = seed ?? pack.line.seed
        work = RotatingMachineWork(pack: pack, seed: seed, recording: recording ?? Self.simulated(pack, seed: seed))
        cache = cacheDirectory.map { StageCache(directory: $0) }
    }

    /// Runs all stages.
    ///
    /// - Parameters:
    ///   - clock: for the times in the report only.
    ///   - progress: called from the calling thread, a few times a second.
    package func run(
        clock: any PlantClock, progress: (StageProgress) -> Void = { _ in }
    ) throws(LineError) -> Outcome {
        var work = work
        let times = try StageRun(stages: RotatingMachineStages.order, cache: cache)
            .run(&work, clock: clock, progress: progress)
        return try outcome(work, times)
    }

    private func outcome(_ work: RotatingMachineWork, _ times: [StageTime]) throws(LineError) -> Outcome {
        let curated = try Artefact.need(work.curated, "curated windows", stage: "report")
        let trained = try Artefact.need(work.trained, "a trained network", stage: "report")
        let proof = try Artefact.need(work.proof, "a proof", stage: "report")
        let threshold = trained.card.threshold
        let report = RotatingMachineReport(
            card: trained.card, modelDigest: try Artefact.fileDigest(proof.plan), modelBytes: proof.plan.count,
            windows: curated.features.count, windowsRefused: curated.refused, windowsUnsteady: curated.unsteady,
            losses: trained.losses, largestHeldOutRatio: (trained.heldOutScores.max() ?? 0) / threshold,
            heldOutAbove: trained.heldOutScores.count { $0 > threshold },
            largestNormalRatio: proof.largestNormalRatio, quantizationError: proof.quantizationError,
            receiptCases: proof.receiptCases, faults: proof.faults, stages: times)
        return Outcome(plan: proof.plan, report: report)
    }

    /// Normal running of the pack's simulated machine over all its loads.
    package static func simulated(_ pack: RotatingMachinePack, seed: UInt64) -> Recording {
        let simulator = BearingSimulator(
            machine: pack.machine, shape: pack.window, geometry: pack.bearing, seed: seed &+ 0x51AC)
        var random = RandomSource(seed: seed, stream: 0x10AD)
        let moments = (0..<pack.line.windows).map { index in
            let load = random.uniform(in: pack.line.lowestLoad...pack.line.highestLoad)
            let made = simulator.moment(index: index, loadPercent: load)
            return Recording.Moment(window: made.window, speedRPM: made.speedRPM, loadPercent: made.loadPercent)
        }
        return Recording(shape: pack.window, geometry: pack.bearing, moments: moments)
    }
}

/// The catalogue. Signing and rolling out follow, by whoever holds the keys.
package enum RotatingMachineStages {
    package static let order: [any Stage<RotatingMachineWork>.Type] = [
        Curate.self, Synthesize.self, Train.self, Quantize.self, Prove.self,
    ]
}
