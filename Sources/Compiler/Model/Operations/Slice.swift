/// Every `step`-th element from `start` on, `size` of them, along each dimension.
package struct Slice: Hashable, Sendable {
    /// One a dimension; `start + step * (size - 1)` lies within. Steps may be below zero, never zero.
    package var starts: [Int]
    package var steps: [Int]
    package var sizes: [Int]

    package init(starts: [Int], steps: [Int], sizes: [Int]) {
        self.starts = starts
        self.steps = steps
        self.sizes = sizes
    }
}
