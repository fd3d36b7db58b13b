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

extension Pool: Operation {
    package static let name = "pool"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, isOneOf: kind == .maximum ? ElementType.numbers : [.float32])
        try operands.require(0, rank: 4)
        let x = try operands(0)
        if activation != .none, x.type != .float32 {
            throw operands.attribute("activation", "none on whole numbers", "\(activation)")
        }
        let window = try windows(operands, x.shape)
        return [try operands.result(x.type, [x.shape[0], window.rows.count, window.columns.count, x.shape[3]])]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let result = try results(of: inputs)[0]
        let x = try inputs.tensor(0)
        let operands = try Operands([Operand(type: x.type, shape: x.shape)], of: Self.self, names: ["x"])
        let windows = try windows(operands, x.shape)
        if kind == .maximum, x.type != .float32 {
            let work = WholeNumberMaximum(windows: windows, shape: x.shape)
            return [TensorData(shape: result.shape, try x.elements.applyToIntegers(work) ?? x.elements)]
        }
        let reals = try inputs.reals(0)
        var y =
            kind == .maximum ? windows.maximum(reals, x.shape, lowest: -.infinity) : average(reals, x.shape, windows)
        activation.apply(to: &y)
        return [TensorData(shape: result.shape, .float32(y))]
    }

    private func windows(_ operands: Operands, _ shape: [Int]) throws(ModelError) -> WindowGrid {
        try WindowGrid(
            operands, image: Pair(shape[1], shape[2]), kernel: kernel, strides: strides, dilations: dilations,
            padding: padding)
    }

    private func average(_ x: [Float], _ shape: [Int], _ windows: WindowGrid) -> [Float] {
        let channels = shape[3]
        var y: [Float] = []
        y.reserveCapacity(shape[0] * windows.rows.count * windows.columns.count * channels)
        var sums = [Double](repeating: 0, count: channels)
        windows.forEachWindow(images: shape[0]) { positions in
            for channel in 0..<channels { sums[channel] = 0 }
            var count = 0
            for position in positions where position >= 0 {
                count += 1
                for channel in 0..<channels { sums[channel] += Double(x[position * channels + channel]) }
            }
            // A window that lies in the padding alone is 0.
            let divisor = Double(countsPadding ? positions.count : max(count, 1))
            for channel in 0..<channels { y.append(Float(sums[channel] / divisor)) }
        }
        return y
    }
}

private struct WholeNumberMaximum: IntegerWork {
    let windows: WindowGrid
    let shape: [Int]

    func callAsFunction<Element: TensorInteger>(_ x: [Element]) -> Elements {
        Element.elements(windows.maximum(x, shape, lowest: .min))
    }
}

extension WindowGrid {
    fileprivate func maximum<Element: TensorElement & Comparable>(
        _ x: [Element], _ shape: [Int], lowest: Element
    ) -> [Element] {
        let channels = shape[3]
        var y = [Element](repeating: lowest, count: shape[0] * rows.count * columns.count * channels)
        var start = 0
        forEachWindow(images: shape[0]) { positions in
            for position in positions where position >= 0 {
                for channel in 0..<channels {
                    let element = x[position * channels + channel]
                    if element > y[start + channel] { y[start + channel] = element }
                }
            }
            start += channels
        }
        return y
    }
}
