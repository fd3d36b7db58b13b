internal import Plant

/// Runs the stages of a line of any kind, one after the other, and takes from the cache what was made before of the same.
struct StageRun<Work: Sendable>: Sendable {
    let stages: [any Stage<Work>.Type]
    let cache: StageCache?

    /// - Parameter clock: for the times only.
    func run(
        _ work: inout Work, clock: any PlantClock, progress: (StageProgress) -> Void
    ) throws(LineError) -> [StageTime] {
        var times: [StageTime] = []
        for stage in stages {
            let start = clock.monotonic()
            let isCached = try step(stage, &work, progress)
            let seconds = Double(clock.monotonic().nanoseconds - start.nanoseconds) / 1e9
            times.append(StageTime(name: stage.name, seconds: seconds, isCached: isCached))
        }
        return times
    }

    private func step(
        _ stage: any Stage<Work>.Type, _ work: inout Work, _ progress: (StageProgress) -> Void
    ) throws(LineError) -> Bool {
        progress(StageProgress(stage: stage.name, share: 0, isCached: false))
        let key = try Artefact.digest(
            [Array("\(stage.name) \(stage.revision)".utf8)] + stage.inputs(of: work), stage: stage.name)
        if let bytes = cache?.read(stage.name, key: key) {
            var tried = work
            // An entry that does not read is made again.
            if (try? stage.accept(bytes, into: &tried)) != nil {
                work = tried
                progress(StageProgress(stage: stage.name, share: 1, isCached: true))
                return true
            }
        }
        let output = try stage.run(work) { progress(StageProgress(stage: stage.name, share: $0, isCached: false)) }
        try stage.accept(output, into: &work)
        try cache?.write(output, stage.name, key: key)
        progress(StageProgress(stage: stage.name, share: 1, isCached: false))
        return false
    }
}
