package import Plant
internal import Scoring

/// One run of the assembly line: from normal running to a plan file that is proven on this machine.
///
/// The same pack, recording and seed give the same plan file, byte for byte, on every machine. Blocks for seconds; call it on
/// an executor of its own.
package struct LineRun: Sendable {
    package struct Progress: Hashable, Sendable {
        package var stage: String
        /// 0...1 within the stage.
        package var share: Double
        package var isCached: Bool
    }

    package struct Outcome: Sendable {
        /// The `.mwplan` file.
        package var plan: [UInt8]
        package var report: LineReport
    }

    private let work: Work
    private let cache: StageCache?

    /// - Parameters:
    ///   - recording: normal running of the machine that the model is for; nil to learn from the pack's simulated machine.
    ///   - seed: nil for the pack's own.
    ///   - cacheDirectory: where outcomes of stages are kept; nil to keep none.
    package init(pack: Pack, recording: Recording? = nil, seed: UInt64? = nil, cacheDirectory: String? = nil) {
        let seed = seed ?? pack.line.seed
        work = Work(pack: pack, seed: seed, recording: recording ?? Self.simulated(pack, seed: seed))
        cache = cacheDirectory.map { StageCache(directory: $0) }
    }

    /// Runs all stages.
    ///
    /// - Parameters:
    ///   - clock: for the times in the report only.
    ///   - progress: called from the calling thread, a few times a second.
    package func run(
        clock: any PlantClock, progress: (Progress) -> Void = { _ in }
    ) throws(LineError) -> Outcome {
        var work = work
        var times: [LineReport.StageTime] = []
        for stage in Stages.order {
            let start = clock.monotonic()
            let cached = try step(stage, &work, progress)
            let seconds = Double(clock.monotonic().nanoseconds - start.nanoseconds) / 1e9
            times.append(LineReport.StageTime(name: stage.name, seconds: seconds, isCached: cached))
        }
        return try outcome(work, times)
    }

    private func step(
        _ stage: any Stage.Type, _ work: inout Work, _ progress: (Progress) -> Void
    ) throws(LineError) -> Bool {
        progress(Progress(stage: stage.name, share: 0, isCached: false))
        let key = try Artefact.digest(
            [Array("\(stage.name) \(stage.revision)".utf8)] + stage.inputs(of: work), stage: stage.name)
        if let bytes = cache?.read(stage.name, key: key) {
            var tried = work
            // An entry that does not read is made again.
            if (try? stage.accept(bytes, into: &tried)) != nil {
                work = tried
                progress(Progress(stage: stage.name, share: 1, isCached: true))
                return true
            }
        }
        let output = try stage.run(work) { progress(Progress(stage: stage.name, share: $0, isCached: false)) }
        try stage.accept(output, into: &work)
        try cache?.write(output, stage.name, key: key)
        progress(Progress(stage: stage.name, share: 1, isCached: false))
        return false
    }

    private func outcome(_ work: Work, _ times: [LineReport.StageTime]) throws(LineError) -> Outcome {
        let curated = try Artefact.need(work.curated, "curated windows", stage: "report")
        let trained = try Artefact.need(work.trained, "a trained network", stage: "report")
        let proof = try Artefact.need(work.proof, "a proof", stage: "report")
        let threshold = trained.card.threshold
        let report = LineReport(
            card: trained.card, modelDigest: try Artefact.fileDigest(proof.plan), modelBytes: proof.plan.count,
            windows: curated.features.count, windowsRefused: curated.refused, windowsUnsteady: curated.unsteady,
            losses: trained.losses, largestHeldOutRatio: (trained.heldOutScores.max() ?? 0) / threshold,
            heldOutAbove: trained.heldOutScores.count { $0 > threshold },
            largestNormalRatio: proof.largestNormalRatio, quantizationError: proof.quantizationError,
            receiptCases: proof.receiptCases, faults: proof.faults, stages: times)
        return Outcome(plan: proof.plan, report: report)
    }

    /// Normal running of the pack's simulated machine over all its loads.
    package static func simulated(_ pack: Pack, seed: UInt64) -> Recording {
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
