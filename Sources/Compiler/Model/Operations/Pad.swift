/// Adds elements before and behind along each dimension.
package struct Pad: Hashable, Sendable {
    package enum Mode: Hashable, Sendable {
        /// A real number; on quantized values their zero point must hold it exactly or nearest.
        case constant(Float)
        /// Mirrored at the edge element (which is not repeated), mirrored beside it (which is), edge repeated, wrapped round.
        case reflect, symmetric, edge, wrap
    }
    /// One a dimension; below zero takes away.
    package var before: [Int]
    package var after: [Int]
    package var mode: Mode

    package init(before: [Int], after: [Int], mode: Mode) {
        self.before = before
        self.after = after
        self.mode = mode
    }
}
