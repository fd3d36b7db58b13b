internal import Profiles

/// What a layer takes on a chip, as far as anybody has published or measured it.
package struct LayerEstimate: Hashable, Sendable {
    package enum Limit: String, Hashable, Sendable {
        case compute, bandwidth
        /// The multipliers wait because the layer does not fill them: fewer than a quarter do something.
        case overhead
    }

    /// Of one core.
    package var engineCycles: Int?
    /// Input, output and weights once each, channels filled up as the chip keeps them; of products 8 bytes an output channel
    /// for bias and factors.
    package var dramBytes: Int
    package var dramCycles: Double?
    package var seconds: Double?
    /// `seconds` leaves something out that has no figure: the layer takes at least as long.
    package var isAtLeast: Bool
    package var joules: Double?
    /// Share of the core's multipliers' time that is spent on this layer's products.
    package var utilization: Double?
    package var limit: Limit?
    /// Where each figure comes from.
    package var basis: [String]

    /// Bytes a channel of constants beside the weights: 4 of bias, 2 of zero point, 2 of a factor.
    static let channelRecordBytes = 8

    init(_ work: LayerWork, _ profile: ChipProfile, _ placement: Placement) {
        let isProduct = work.kind == .product || work.kind == .depthwise
        dramBytes = work.storedBytes
        isAtLeast = true
        basis = []
        guard !placement.isOnCPU, placement != .host else {
            basis = ["no figure for the chip's CPU"]
            return
        }
        engineCycles = profile.engine.flatMap { EngineCycles.of(work, on: $0) }
        // Of multipliers whose arrangement is not known nobody can say how many wait.
        if let cycles = engineCycles, let most = profile.engine?.arrangedMultiplications, isProduct {
            utilization = Double(work.multiplyAdds) / (Double(cycles) * Double(most))
        }
        if let rate = profile.dramBytesPerCycle { dramCycles = Double(dramBytes) / rate.value }
        setTime(work, profile)
        if let seconds, let watts = profile.watts {
            joules = seconds * watts.value
            basis.append("energy: \(watts.value) W typical, \(watts.source)")
        }
    }

    private mutating func setTime(_ work: LayerWork, _ profile: ChipProfile) {
        var compute: Double?
        var memory: Double?
        if let clock = profile.clockHertz {
            compute = engineCycles.map { Double($0) / clock.value }
            memory = dramCycles.map { $0 / clock.value }
            if compute != nil || memory != nil { basis.append("clock: \(clock.value / 1e6) MHz, \(clock.source)") }
        }
        if compute == nil, engineCycles == nil, work.multiplyAdds > 0, let peak = profile.peakInt8OperationsPerSecond {
            compute = 2 * Double(work.multiplyAdds) / peak.value
            basis.append("at the peak of \(peak.value / 1e12) TOPS, \(peak.source)")
        }
        if memory == nil, let rate = profile.dramBytesPerSecond {
            memory = Double(dramBytes) / rate.value
            basis.append("DRAM: \(rate.value / 1e9) GB/s, \(rate.source)")
        }
        seconds = [compute, memory].compactMap { $0 }.max()
        if case .convolutionTile(let tile, _, _, _, _)? = profile.engine {
            // The vendor's compiler takes the larger of the two, and so does its table.
            isAtLeast = engineCycles == nil || dramCycles == nil
            if engineCycles != nil { basis.append("cycles: \(tile.source)") }
        }
        // In cycles where both are known so, else in seconds; one of the two alone limits nothing.
        let computing = engineCycles.map(Double.init)
        let pair =
            dramCycles.flatMap { moving in computing.map { ($0, moving) } }
            ?? memory.flatMap { moving in
                compute.map { ($0, moving) }
            }
        limit = pair.map { computing, moving in
            moving > computing ? .bandwidth : (utilization ?? 1) < 0.25 ? .overhead : .compute
        }
    }
}

extension Engine {
    /// Multiplications a cycle where it is known how they are arranged.
    var arrangedMultiplications: Int? {
        if case .multiplyAccumulators = self { nil } else { multiplicationsPerCycle }
    }
}
