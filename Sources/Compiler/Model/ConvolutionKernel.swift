/// Arithmetic of a convolution on elements: patches of the image, times the weights as a matrix.
struct ConvolutionKernel {
    private let windows: WindowGrid
    private let images: Int
    private let channels: Int
    private let outputs: Int
    private let taps: Int
    private let groups: Int

    /// Windows whose patches are gathered at once: enough to pay for the call, few enough to stay in the cache.
    private static let tile = 32

    /// - Parameter image: `[n, height, width, in]`, weights `[out, height, width, in / groups]`; found to fit.
    init(windows: WindowGrid, image: [Int], weights: [Int], groups: Int) {
        self.windows = windows
        images = image[0]
        channels = image[3]
        outputs = weights[0]
        taps = weights[1] * weights[2]
        self.groups = groups
    }

    func convolve<Element: MatrixElement>(_ x: [Element], _ weights: [Element], bias: [Element]?) -> [Element] {
        let bias = bias ?? [Element](repeating: .nought, count: outputs)
        if groups == channels, groups == outputs { return convolveEachChannel(x, weights, bias: bias) }
        let pixels = images * windows.rows.count * windows.columns.count
        var y: [Element] = []
        y.reserveCapacity(pixels * outputs)
        for _ in 0..<pixels { y.append(contentsOf: bias) }
        let (depth, width) = (channels / groups, outputs / groups)
        // [group][tap, in][out]: the inner loop of the product then runs over output channels.
        let columns = MatrixKernel.transposingEach(weights, rows: width, columns: taps * depth)
        for group in 0..<groups {
            let part = Array(columns[group * width * taps * depth..<(group + 1) * width * taps * depth])
            multiply(x, part, into: &y, group: group, depth: depth, width: width)
        }
        return y
    }

    /// Adds the product of one group to its channels of `y`.
    private func multiply<Element: MatrixElement>(
        _ x: [Element], _ columns: [Element], into y: inout [Element], group: Int, depth: Int, width: Int
    ) {
        let run = taps * depth
        var patches = [Element](repeating: .nought, count: Self.tile * run)
        var sums = [Element](repeating: .nought, count: Self.tile * width)
        var filled = 0
        var done = 0
        func flush() {
            for index in 0..<filled * width { sums[index] = .nought }
            // SAFETY: filled <= tile, so both arrays hold what the product reads and writes; none overlap.
            patches.withUnsafeBufferPointer { patches in
                columns.withUnsafeBufferPointer { columns in
                    sums.withUnsafeMutableBufferPointer { sums in
                        MatrixKernel.multiplyAdd(patches, columns, sums, m: filled, n: width, k: run)
                    }
                }
            }
            for row in 0..<filled {
                let start = (done + row) * outputs + group * width
                for column in 0..<width {
                    y[start + column] = Element.multiplyAdd(y[start + column], sums[row * width + column], .one)
                }
            }
            done += filled
            filled = 0
        }
        windows.forEachWindow(images: images) { positions in
            gather(x, positions, channel: group * depth, depth: depth, into: &patches, at: filled * run)
            filled += 1
            if filled == Self.tile { flush() }
        }
        flush()
    }

    /// Copies a window's pixels, zero in the padding.
    private func gather<Element: MatrixElement>(
        _ x: [Element], _ positions: [Int], channel: Int, depth: Int, into patches: inout [Element], at start: Int
    ) {
        // SAFETY: positions are pixels of the image, channel + depth <= channels, and a tile's patch lies within.
        x.withUnsafeBufferPointer { x in
            patches.withUnsafeMutableBufferPointer { patches in
                var target = start
                for position in positions {
                    let source = position * channels + channel
                    for index in 0..<depth {
                        patches[target + index] = position < 0 ? .nought : x[source + index]
                    }
                    target += depth
                }
            }
        }
    }

    /// Depthwise with one output a channel: no sum over channels, so the inner loop runs over them.
    private func convolveEachChannel<Element: MatrixElement>(
        _ x: [Element], _ weights: [Element], bias: [Element]
    ) -> [Element] {
        let factors = MatrixKernel.transposingEach(weights, rows: outputs, columns: taps)
        var y: [Element] = []
        y.reserveCapacity(images * windows.rows.count * windows.columns.count * outputs)
        var sums = bias
        windows.forEachWindow(images: images) { positions in
            sums.withUnsafeMutableBufferPointer { sums in
                for channel in 0..<channels { sums[channel] = bias[channel] }
                // SAFETY: positions are pixels of the image; there is a factor for each tap and channel.
                x.withUnsafeBufferPointer { x in
                    factors.withUnsafeBufferPointer { factors in
                        for (tap, position) in positions.enumerated() where position >= 0 {
                            let (source, factor) = (position * channels, tap * channels)
                            for channel in 0..<channels {
                                sums[channel] = Element.multiplyAdd(
                                    sums[channel], x[source + channel], factors[factor + channel])
                            }
                        }
                    }
                }
            }
            y.append(contentsOf: sums)
        }
        return y
    }
}
