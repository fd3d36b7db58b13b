package import Profiles

extension Deployment {
    /// The tiles of all layers in time; nil where no source says how much memory there is, how fast data moves, or how
    /// anything is computed, and where a layer does not fit.
    package var schedule: Schedule? {
        guard let bytesPerCycle = profile.movedBytesPerCycle, let engine = profile.engine, engineCycles != nil,
            fits == true
        else { return nil }
        return Schedule(layers.map { $0.scheduled(on: engine) }, bytesPerCycle: bytesPerCycle.value)
    }
}

extension Deployment.Layer {
    fileprivate func scheduled(on engine: Engine) -> Schedule.Layer {
        guard !placement.isOnCPU, placement != .host else {
            return Schedule.Layer(sources: sources, pieces: [], hasCycles: false)
        }
        let cut = pieces
        let scheduled =
            cut.isEmpty
            ? [
                Schedule.Piece(
                    inputBytes: work.inputBytes, weightBytes: estimate.dramBytes - work.inputBytes - work.outputBytes,
                    outputBytes: work.outputBytes, cycles: estimate.engineCycles ?? 0)
            ]
            : cut.map { piece in
                Schedule.Piece(
                    inputBytes: piece.loadedInputBytes, weightBytes: piece.loadedWeightBytes,
                    outputBytes: piece.outputBytes,
                    cycles: EngineCycles.of(
                        work, positions: piece.positions, channels: piece.channels.count,
                        depth: piece.isFirst && piece.isLast ? work.inputChannels : piece.inputChannels.count,
                        on: engine) ?? 0)
            }
        return Schedule.Layer(sources: sources, pieces: scheduled, hasCycles: estimate.engineCycles != nil)
    }
}

extension EngineCycles {
    /// Cycles for a part of a layer: so many positions of so many output channels, so many inputs of each sum.
    static func of(_ work: LayerWork, positions: Int, channels: Int, depth: Int, on engine: Engine) -> Int? {
        let share = positions * channels
        let whole = max(work.imageShape.reduce(1, *), 1)
        guard work.kind != .product || work.groups == 1 else {
            // A tile may end within a group.
            return of(work, on: engine).map { ($0 * share + whole - 1) / whole }
        }
        var part = work
        part.positions = positions
        part.outputChannels = channels
        part.inputChannels = depth
        if work.kind == .depthwise { part.groups = channels }
        part.multiplyAdds = work.multiplyAdds * share / whole * depth / max(work.inputChannels, 1)
        return of(part, on: engine)
    }
}

extension ChipProfile {
    /// Between DRAM and one core that has it for itself, in a cycle of the NPU.
    package var movedBytesPerCycle: Fact<Double>? {
        if let dramBytesPerCycle { return dramBytesPerCycle }
        guard let dramBytesPerSecond, let clockHertz else { return nil }
        return Fact(
            value: dramBytesPerSecond.value / clockHertz.value, status: .derived,
            source:
                "\(dramBytesPerSecond.value / 1e9) GB/s at \(clockHertz.value / 1e6) MHz; \(dramBytesPerSecond.source)")
    }
}
