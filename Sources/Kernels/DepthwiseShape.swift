/// Geometry of a convolution of each channel by itself.
///
/// - Shapes: input `[inputRows, inputColumns, channels]` without padding, output `[outputRows, outputColumns, channels]`;
///   what a window covers outside of the image counts as the zero point.
package struct DepthwiseShape: Hashable, Sendable {
    package var inputRows: Int
    package var inputColumns: Int
    package var outputRows: Int
    package var outputColumns: Int
    package var channels: Int
    /// Of the kernel: height and width, and how it moves.
    package var tapsY: Int
    package var tapsX: Int
    package var strideY: Int
    package var strideX: Int
    package var dilationY: Int
    package var dilationX: Int
    /// Rows above the image and columns to its left that windows begin in.
    package var padTop: Int
    package var padLeft: Int

    package init(
        input: (rows: Int, columns: Int), output: (rows: Int, columns: Int), channels: Int,
        taps: (y: Int, x: Int), strides: (y: Int, x: Int) = (1, 1), dilations: (y: Int, x: Int) = (1, 1),
        padding: (top: Int, left: Int) = (0, 0)
    ) {
        (inputRows, inputColumns) = input
        (outputRows, outputColumns) = output
        self.channels = channels
        (tapsY, tapsX) = taps
        (strideY, strideX) = strides
        (dilationY, dilationX) = dilations
        (padTop, padLeft) = padding
    }

    package var inputBytes: Int { inputRows * inputColumns * channels }
    package var outputBytes: Int { outputRows * outputColumns * channels }
    package var taps: Int { tapsY * tapsX }

    /// Whether a kernel can take it: sizes, steps and taps are positive, and no product of them overflows.
    package var isValid: Bool {
        let counts = [
            inputRows, inputColumns, outputRows, outputColumns, channels, tapsY, tapsX, strideY, strideX, dilationY,
            dilationX,
        ]
        guard counts.allSatisfy({ (1...Self.limit).contains($0) }),
            (0...Self.limit).contains(padTop), (0...Self.limit).contains(padLeft)
        else { return false }
        // Three factors of at most 2^20.
        return inputBytes <= Int(Int32.max) && outputBytes <= Int(Int32.max) && taps * channels <= Int(Int32.max)
    }

    private static let limit = 1 << 20
}
