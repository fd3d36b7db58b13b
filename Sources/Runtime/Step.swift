internal import Graph
internal import Kernels

/// An operator made ready to run: constants prepared, places in the arena known.
///
/// A class, so that walking over the steps of a session copies no payload.
protocol Step: AnyObject {
    /// Bytes of scratch that it needs while it runs; all steps share one stretch.
    var scratchBytes: Int { get }

    /// - Parameter arena: the session's memory, tensors at the places of its ``ArenaPlan``.
    /// - Parameter scratch: at least ``scratchBytes``, aligned to a cache line.
    // SAFETY: the session hands out its own memory, with the sizes that ArenaPlan and scratchBytes asked for.
    func run(arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer)
}

/// An operator that Runtime has kernels for.
protocol Runnable: Operator {
    func step(kernels: KernelSet, arena: ArenaPlan) -> any Step
}
