/// The same elements under another shape. Squeeze, unsqueeze and flatten are this too.
package struct Reshape: Hashable, Sendable {
    /// All known.
    package var shape: [Int]

    package init(shape: [Int]) { self.shape = shape }
}
