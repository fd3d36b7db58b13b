/// Where the largest or smallest element along a dimension is; int64, or int32 as the file says.
package struct ArgumentReduce: Hashable, Sendable {
    package var isMaximum: Bool
    /// 0..<rank.
    package var axis: Int
    package var keepsDimensions: Bool
    /// Which of several equal ones.
    package var takesLast = false
    package var resultType = ElementType.int64

    package init(isMaximum: Bool, axis: Int, keepsDimensions: Bool) {
        self.isMaximum = isMaximum
        self.axis = axis
        self.keepsDimensions = keepsDimensions
    }
}
