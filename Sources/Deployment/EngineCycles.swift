package import Profiles

/// Cycles of one core's multipliers for a layer.
package enum EngineCycles {
    /// - Returns: nil where the engine's form says nothing of such a layer.
    /// - Source: of a convolution tile, printed by the vendor's compiler, 30 shapes on 7 chips, 210 of 210 equal; the other forms fill whole
    ///   tiles and are what the layer takes at least.
    package static func of(_ work: LayerWork, on engine: Engine) -> Int? {
        switch engine {
        case .convolutionTile(let a, let b, let depthwise, let steps, let positions):
            let counted = parts(work.positions, positions.value) * positions.value
            switch work.kind {
            case .product:
                let deep = work.kernelHeight * work.kernelWidth * parts(work.inputChannels, a.value)
                return counted * parts(work.outputChannels / work.groups, b.value) * max(steps.value, deep)
                    * work.groups
            case .depthwise:
                return counted * work.kernelHeight * work.kernelWidth * parts(work.outputChannels, depthwise.value)
            case .window, .reduction, .elementwise: return nil
            }
        case .lanes(let lanes, _, let units, let inputs?, let positions?):
            switch work.kind {
            case .product:
                let deep = work.kernelHeight * work.kernelWidth * parts(work.inputChannels, inputs.value)
                return parts(work.positions, positions.value) * parts(work.outputChannels / work.groups, lanes.value)
                    * deep
                    * work.groups
            case .depthwise:
                // A unit a product: channels over the lanes, positions over a lane's units.
                return parts(work.positions, units.value) * parts(work.outputChannels, lanes.value) * work.kernelHeight
                    * work.kernelWidth
            case .window, .reduction, .elementwise: return nil
            }
        case .cube(let m, let k, let n):
            guard work.kind == .product else { return nil }
            let depth = work.kernelHeight * work.kernelWidth * work.inputChannels
            return parts(work.positions, m.value) * parts(depth, k.value)
                * parts(work.outputChannels / work.groups, n.value)
                * work.groups
        case .multiplyAccumulators(let perCycle):
            return work.multiplyAdds == 0 ? nil : parts(work.multiplyAdds, perCycle.value)
        case .lanes, .vectorUnit: return nil
        }
    }

    /// Tiles of `size` that hold `count`.
    static func parts(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
}
