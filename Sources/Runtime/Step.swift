internal import Graph
internal import Kernels

/// An operator made ready to run: constants prepared, places in the arena known.
///
/// A class, so that walking over the steps of a session copies no payload.
class Step {
    /// Bytes of scratch that it needs while it runs, for each thread that runs a part.
    var scratchBytes: Int { 0 }
    /// Units of work that do not depend on each other; 1 when it cannot be shared.
    var divisions: Int { 1 }
    /// Roughly how many nanoseconds it takes, to tell what is worth sharing.
    var estimate: Int { 0 }

    /// - Parameter part: which units to do.
    /// - Parameter arena: the session's memory, tensors at the places of its ``ArenaPlan``.
    /// - Parameter scratch: at least ``scratchBytes``, aligned to a cache line.
    // SAFETY: the session hands out its own memory, with the sizes that ArenaPlan and scratchBytes asked for.
    func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {}
}

/// One thread's share of a step.
struct Part {
    var index: Int
    var of: Int

    static let whole = Part(index: 0, of: 1)

    /// The share of `count` units, as even as whole `multiple`s allow.
    func range(of count: Int, multiple: Int = 1) -> Range<Int> {
        let units = (count + multiple - 1) / multiple
        let first = units * index / of * multiple
        let last = units * (index + 1) / self.of * multiple
        return min(first, count)..<min(last, count)
    }
}

/// What a step is made from, besides its operator.
struct StepContext {
    let plan: Plan
    let kernels: KernelSet
    let arena: ArenaPlan
    /// Of one of the session's threads.
    let caches: CacheSizes

    /// Where a tensor lies, in bytes from the start of the arena.
    func offset(_ id: TensorID) -> Int { arena.offsets[id.index] }
}

/// An operator that Runtime has kernels for.
protocol Runnable: Operator {
    /// - Returns: nil where there is nothing to compute.
    func step(_ context: StepContext) -> Step?
}

/// Every operator that Runtime has kernels for.
enum Runnables {
    static let all: [any Runnable.Type] = [
        FullyConnected.self, Convolution.self, DepthwiseConvolution.self, Pool.self, Mean.self, Addition.self,
        Multiplication.self, Lookup.self, Softmax.self, Concatenation.self, Slice.self, Pad.self, Reshape.self,
        Transpose.self, Resize.self, ArgumentMaximum.self, MatrixProduct.self, Quantize.self, Dequantize.self,
        Extremum.self, ChannelLookup.self, L2Normalization.self,
    ]

    /// - Returns: nil for an operator without kernels.
    static func runnable(_ node: any Operator) -> (any Runnable)? {
        // Asking the runtime whether a type conforms takes it a search of the whole program: a quarter of a millisecond for
        // what MobileNet has. Comparing with known types takes nothing.
        let code = type(of: node).code
        return all.first { $0.code == code }?.cast(node)
    }
}

extension Runnable {
    fileprivate static func cast(_ node: any Operator) -> (any Runnable)? { node as? Self }
}
