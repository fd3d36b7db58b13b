/// Operands one behind the other along a dimension.
package struct Concatenate: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int

    package init(axis: Int) { self.axis = axis }
}
