/// Dimension `d` of the output is dimension `permutation[d]` of the input.
package struct Transpose: Hashable, Sendable {
    package var permutation: [Int]

    package init(permutation: [Int]) { self.permutation = permutation }
}
