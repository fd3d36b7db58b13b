/// Running sum along a dimension.
package struct CumulativeSum: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var isExclusive = false
    package var isReversed = false

    package init(axis: Int) { self.axis = axis }
}
