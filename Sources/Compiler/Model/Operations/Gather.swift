/// Slices of a tensor picked by number along a dimension.
///
/// - Shapes: x, then integer indices of any shape (below zero counts from the end); y is x with the indices' shape for
///   dimension `axis`.
package struct Gather: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int

    package init(axis: Int) { self.axis = axis }
}
