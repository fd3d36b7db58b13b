package import Graph
package import Profiles

/// A plan on a chip: where each operator runs, how it is cut, what it takes, and what crossing between NPU and CPU costs.
package struct Deployment: Sendable {
    package struct Layer: Sendable {
        package var number: Int
        package var name: String
        package var operation: String
        package var work: LayerWork
        package var placement: Placement
        package var estimate: LayerEstimate
        package var tiling: Tiling.Outcome
        /// Why the chip's contract was compared with nothing here; none where it stands.
        package var beyondContract: [ContractScope.Remark]
        /// Layers that compute what this one reads.
        package var sources: [Int]

        /// Tiles in their order; none where the layer is not cut.
        package var pieces: [TilePiece] {
            guard case .fits(let tiling) = tiling else { return [] }
            return TilePiece.all(of: work, tiling)
        }
    }

    /// Operators in a row on one side.
    package struct Segment: Hashable, Sendable {
        package var layers: Range<Int>
        package var isOnCPU: Bool
        /// Of what this side reads of the other's results, and the plan's inputs on the NPU's side not among them.
        package var crossingBytes: Int
        /// There at the DRAM's rate; nil where that is not known.
        package var crossingSeconds: Double?
    }

    package let profile: ChipProfile
    package let layers: [Layer]
    package let segments: [Segment]

    package init(_ plan: Plan, on profile: ChipProfile) {
        self.profile = profile
        var writers: [Int: Int] = [:]
        layers = plan.operators.enumerated().map { number, node in
            let work = LayerWork(node, plan, on: profile)
            let placement = Placement(work, profile)
            defer { for id in node.outputs { writers[id.index] = number } }
            return Layer(
                number: number + 1, name: node.outputs.first.map { plan.tensors[$0.index].name } ?? "",
                operation: type(of: node).name, work: work, placement: placement,
                estimate: LayerEstimate(work, profile, placement),
                tiling: placement.isOnCPU || placement == .host ? .notCut : Tiling.of(work, profile),
                beyondContract: placement.isOnCPU ? [] : ContractScope.remarks(node, plan, profile),
                sources: node.inputs.compactMap { writers[$0.index] })
        }
        segments = Self.segments(plan, layers.map(\.placement.isOnCPU), profile)
    }

    private static func segments(_ plan: Plan, _ isOnCPU: [Bool], _ profile: ChipProfile) -> [Segment] {
        var sides: [Int: Bool] = [:]
        var segments: [Segment] = []
        for (index, node) in plan.operators.enumerated() {
            let bytes = node.inputs.reduce(0) { sum, id in
                guard let side = sides[id.index], side != isOnCPU[index] else { return sum }
                return sum + plan.tensors[id.index].byteCount
            }
            for id in node.outputs { sides[id.index] = isOnCPU[index] }
            if segments.last?.isOnCPU == isOnCPU[index] {
                segments[segments.count - 1].layers = segments[segments.count - 1].layers.lowerBound..<index + 1
                segments[segments.count - 1].crossingBytes += bytes
            } else {
                segments.append(Segment(layers: index..<index + 1, isOnCPU: isOnCPU[index], crossingBytes: bytes))
            }
        }
        for index in segments.indices {
            segments[index].crossingSeconds = profile.dramBytesPerSecond.map {
                Double(segments[index].crossingBytes) / $0.value
            }
        }
        return segments
    }

    // MARK: totals

    /// Layers that fit no tile into the chip's memory.
    package var tooLarge: [Layer] {
        layers.filter { if case .tooLarge = $0.tiling { true } else { false } }
    }
    /// Whether it fits; nil where nobody says how much memory there is, or how a layer is cut.
    package var fits: Bool? {
        guard profile.onChipBytes != nil else { return nil }
        guard tooLarge.isEmpty else { return false }
        // Products of two tensors are not cut here, whatever the chip does.
        return layers.contains { $0.work.kind == .product && $0.tiling == .notCut && $0.placement.isOnNPU } ? nil : true
    }
    package var dramBytes: Int { layers.reduce(0) { $0 + $1.estimate.dramBytes } }
    /// Of one core; nil where no layer has a figure.
    package var engineCycles: Int? { Self.sum(layers.map(\.estimate.engineCycles)) }
    /// Of all layers that have a figure, with the crossings that have one; nil where none has.
    package var seconds: Double? {
        guard let layers = Self.sum(layers.map(\.estimate.seconds)) else { return nil }
        return layers + (Self.sum(segments.map(\.crossingSeconds)) ?? 0)
    }
    /// Whether something that takes time has no figure.
    package var isAtLeast: Bool {
        layers.contains { $0.estimate.isAtLeast } || segments.contains { $0.crossingSeconds == nil }
    }
    package var joules: Double? { Self.sum(layers.map(\.estimate.joules)) }
    package var utilization: Double? {
        guard let most = profile.engine?.arrangedMultiplications, let cycles = engineCycles, cycles > 0 else {
            return nil
        }
        let counted = layers.filter { $0.estimate.engineCycles != nil }.reduce(0) { $0 + $1.work.multiplyAdds }
        return Double(counted) / (Double(cycles) * Double(most))
    }
    package var onCPU: [Layer] { layers.filter { !$0.placement.isOnNPU } }
    package var unverified: [Layer] { layers.filter { $0.placement == .unverified } }
    package var crossings: Int { segments.dropFirst().count }
    package var crossingBytes: Int { segments.reduce(0) { $0 + $1.crossingBytes } }
    /// nil where one of them has no figure.
    package var crossingSeconds: Double? {
        let each = segments.map(\.crossingSeconds)
        return each.contains { $0 == nil } ? nil : Self.sum(each)
    }

    private static func sum<Number: AdditiveArithmetic>(_ numbers: [Number?]) -> Number? {
        let known = numbers.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(.zero, +)
    }
}
