/// Maximum or average of each window of an image.
///
/// - Shapes: x `[n, height, width, channels]`; y alike, `(height + top + bottom - ((kernel - 1) * dilation + 1)) / stride + 1`
///   high, rounded down (the padding of a file that rounds up is made larger by its importer).
package struct Pool: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable { case maximum, average }
    package var kind: Kind
    package var kernel: Pair
    package var strides = Pair(1, 1)
    package var dilations = Pair(1, 1)
    package var padding = Padding.none
    /// Whether an average divides by the whole window (as ONNX's `count_include_pad`) or by what lies within the image.
    package var countsPadding = false
    package var activation = Activation.none

    package init(_ kind: Kind, kernel: Pair) {
        self.kind = kind
        self.kernel = kernel
    }
}
