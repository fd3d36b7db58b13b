/// One number for all elements along some dimensions.
package struct Reduce: Hashable, Sendable {
    package enum Function: String, Hashable, Sendable, CaseIterable {
        case mean, sum, maximum, minimum, product, sumOfSquares, l1Norm, l2Norm, logSum, logSumOfExponentials
    }
    package var function: Function
    /// 0..<rank, ascending.
    package var axes: [Int]
    package var keepsDimensions: Bool

    package init(_ function: Function, axes: [Int], keepsDimensions: Bool) {
        self.function = function
        self.axes = axes
        self.keepsDimensions = keepsDimensions
    }
}
