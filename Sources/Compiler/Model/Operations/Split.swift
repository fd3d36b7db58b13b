/// Cuts a tensor along a dimension; one output a part.
package struct Split: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var sizes: [Int]

    package init(axis: Int, sizes: [Int]) {
        self.axis = axis
        self.sizes = sizes
    }
}
