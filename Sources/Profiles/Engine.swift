/// What multiplies inside a chip, as far as it decides how long a layer takes.
package enum Engine: Hashable, Sendable {
    /// A tile of `inputChannels` by `outputChannels` multipliers (a by b).
    ///
    /// Cycles of a convolution: positions * ceil(cout / b) * max(minimumSteps, kh * kw * ceil(cin / a)); depthwise:
    /// positions * kh * kw * ceil(c / depthwiseChannels); positions count in
    /// whole multiples of `positionBlock`.
    case convolutionTile(
        inputChannels: Fact<Int>, outputChannels: Fact<Int>, depthwiseChannels: Fact<Int>, minimumSteps: Fact<Int>,
        positionBlock: Fact<Int>)
    /// Channels are spread over `count` lanes, each with memory and `unitsPerLane` int8 units of its own.
    ///
    /// - Parameters:
    ///   - inputParallel: input channels that a lane takes at once in a convolution.
    ///   - positionsParallel: output positions that a lane computes at once in a convolution.
    case lanes(
        count: Fact<Int>, bytesPerLane: Fact<Int>, unitsPerLane: Fact<Int>, inputParallel: Fact<Int>?,
        positionsParallel: Fact<Int>?)
    /// A product of an `m` by `k` with a `k` by `n` matrix a cycle.
    case cube(m: Fact<Int>, k: Fact<Int>, n: Fact<Int>)
    /// So many int8 multiplications a cycle; their arrangement is not known.
    case multiplyAccumulators(perCycle: Fact<Int>)
    /// The vector unit of a CPU: Millwright's own kernels run on it.
    case vectorUnit
}

extension Engine {
    /// int8 multiplications a core can do in a cycle, where the engine's form says so.
    package var multiplicationsPerCycle: Int? {
        switch self {
        case .convolutionTile(let inputChannels, let outputChannels, _, _, _):
            inputChannels.value * outputChannels.value
        case .lanes(let count, _, _, let inputParallel?, let positionsParallel?):
            count.value * inputParallel.value * positionsParallel.value
        case .cube(let m, let k, let n): m.value * k.value * n.value
        case .multiplyAccumulators(let perCycle): perCycle.value
        case .lanes, .vectorUnit: nil
        }
    }
}
