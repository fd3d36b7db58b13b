/// How a window moves over an image: numbers along the height and along the width.
package struct Window: Hashable, Sendable {
    package var kernelHeight: Int
    package var kernelWidth: Int
    package var strideHeight: Int
    package var strideWidth: Int
    package var dilationHeight: Int
    package var dilationWidth: Int
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(
        kernel: (height: Int, width: Int), strides: (height: Int, width: Int) = (1, 1),
        dilations: (height: Int, width: Int) = (1, 1),
        padding: (top: Int, left: Int, bottom: Int, right: Int) = (0, 0, 0, 0)
    ) {
        (kernelHeight, kernelWidth) = kernel
        (strideHeight, strideWidth) = strides
        (dilationHeight, dilationWidth) = dilations
        (top, left, bottom, right) = padding
    }

    package var taps: Int { kernelHeight * kernelWidth }
    package var isPadded: Bool { top + left + bottom + right > 0 }

    /// Positions of the window over an image; nil where it does not fit once.
    package func positions(height: Int, width: Int) -> (height: Int, width: Int)? {
        let rows = height + top + bottom - ((kernelHeight - 1) * dilationHeight + 1)
        let columns = width + left + right - ((kernelWidth - 1) * dilationWidth + 1)
        guard rows >= 0, columns >= 0 else { return nil }
        return (rows / strideHeight + 1, columns / strideWidth + 1)
    }

    static let limit = 1 << 16

    init(from decoder: inout OperatorDecoder) throws(PlanError) {
        let sizes = try decoder.integers("window", count: 6, in: 1...Self.limit)
        let paddings = try decoder.integers("padding", count: 4, in: 0...Self.limit)
        self.init(
            kernel: (sizes[0], sizes[1]), strides: (sizes[2], sizes[3]), dilations: (sizes[4], sizes[5]),
            padding: (paddings[0], paddings[1], paddings[2], paddings[3]))
    }

    func encode(to encoder: inout OperatorEncoder) {
        encoder.integers([kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth])
        encoder.integers([top, left, bottom, right])
    }

    /// Checks the shapes `[n, height, width, channels]` of input and output against each other.
    func check(_ input: Tensor, _ output: Tensor, channels: Int, _ name: String, _ decoder: OperatorDecoder)
        throws(PlanError)
    {
        let (from, to) = (input.shape, output.shape)
        guard from.count == 4, let positions = positions(height: from[1], width: from[2]),
            to == [from[0], positions.height, positions.width, channels]
        else {
            throw decoder.malformed(
                "shapes of \(name)", expected: "[n, height, width, c] and \(channels) channels under \(self)",
                found: "\(from) and \(to)")
        }
    }

    /// For listings: `3x3 stride 2 pad 0,0,1,1`.
    package var summary: String {
        var words = ["\(kernelHeight)x\(kernelWidth)"]
        if strideHeight != 1 || strideWidth != 1 {
            words.append(
                strideHeight == strideWidth ? "stride \(strideHeight)" : "stride \(strideHeight)x\(strideWidth)")
        }
        if dilationHeight != 1 || dilationWidth != 1 { words.append("dilation \(dilationHeight)x\(dilationWidth)") }
        if isPadded { words.append("pad \(top),\(left),\(bottom),\(right)") }
        return words.joined(separator: " ")
    }
}

/// An image tensor `[n, height, width, channels]` in reference arithmetic.
struct Image {
    let height: Int
    let width: Int
    let channels: Int
    let elements: [Int8]

    init(_ elements: [Int8], shape: [Int]) {
        (height, width, channels) = (shape[1], shape[2], shape[3])
        self.elements = elements
    }

    /// - Returns: nil outside, where padding is.
    func at(_ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int32? {
        guard y >= 0, y < height, x >= 0, x < width else { return nil }
        return Int32(elements[((n * height + y) * width + x) * channels + channel])
    }
}
