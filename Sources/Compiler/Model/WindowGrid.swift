/// Where the windows of a kernel lie on an image: the geometry that convolution and pooling share.
struct WindowGrid {
    let rows: WindowLine
    let columns: WindowLine

    /// Taps of a window: a pool over 2048 x 2048 pixels. Its pixel numbers are held at once, and no weights in the file
    /// pay for them.
    private static let maximumTaps = 1 << 22

    /// - Parameter operands: of the operation, for messages; operand 0 is the image.
    /// - Throws: `.mismatch` where the kernel does not fit into the padded image.
    init(
        _ operands: Operands, image: Pair, kernel: Pair, strides: Pair, dilations: Pair, padding: Padding
    ) throws(ModelError) {
        rows = try WindowLine(
            operands, "height", image: image.height, kernel: kernel.height, stride: strides.height,
            dilation: dilations.height, padding: (padding.top, padding.bottom))
        columns = try WindowLine(
            operands, "width", image: image.width, kernel: kernel.width, stride: strides.width,
            dilation: dilations.width, padding: (padding.left, padding.right))
        guard kernel.height * kernel.width <= Self.maximumTaps else {
            throw .tooLarge(
                .init(
                    "kernel", expected: "at most \(Self.maximumTaps) taps",
                    found: "\(kernel.height) x \(kernel.width)"))
        }
    }

    /// Calls `body` for each window, in order, with the pixel numbers (of all images) of its taps; -1 for padding.
    func forEachWindow(images: Int, _ body: ([Int]) -> Void) {
        let taps = rows.kernel * columns.kernel
        var positions = [Int](repeating: -1, count: taps)
        for start in 0..<images {
            for row in 0..<rows.count {
                for column in 0..<columns.count {
                    fill(&positions, image: start, row: row, column: column)
                    body(positions)
                }
            }
        }
    }

    private func fill(_ positions: inout [Int], image: Int, row: Int, column: Int) {
        var tap = 0
        for high in 0..<rows.kernel {
            let y = rows.position(window: row, tap: high)
            let start = (image * rows.image + y) * columns.image
            for wide in 0..<columns.kernel {
                let x = columns.position(window: column, tap: wide)
                positions[tap] = y < 0 || x < 0 ? -1 : start + x
                tap += 1
            }
        }
    }
}

/// Windows along one side of an image. Numbers alone, no tables: a file of a few bytes may ask for millions of windows.
struct WindowLine {
    let image: Int
    let kernel: Int
    /// Windows.
    let count: Int
    private let stride: Int
    private let dilation: Int
    private let before: Int

    init(
        _ operands: Operands, _ side: String, image: Int, kernel: Int, stride: Int, dilation: Int,
        padding: (before: Int, after: Int)
    ) throws(ModelError) {
        let range = 1...Shape.maximumExtent
        try operands.require("kernel \(side)", kernel, in: range)
        try operands.require("stride along the \(side)", stride, in: range)
        try operands.require("dilation along the \(side)", dilation, in: range)
        try operands.require("padding along the \(side)", padding.before, in: 0...Shape.maximumExtent)
        try operands.require("padding along the \(side)", padding.after, in: 0...Shape.maximumExtent)
        let padded = image + padding.before + padding.after
        let extent = (kernel - 1) * dilation + 1
        guard extent <= padded else {
            throw operands.fault(
                0, side, "at least \(extent) with padding, to hold the kernel", "\(image) + \(padded - image)")
        }
        self.image = image
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        before = padding.before
        count = (padded - extent) / stride + 1
    }

    /// The row or column of the image under one tap of a window; -1 in the padding.
    func position(window: Int, tap: Int) -> Int {
        let position = window * stride + tap * dilation - before
        return (0..<image).contains(position) ? position : -1
    }
}
