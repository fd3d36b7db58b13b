/// Where the windows of a kernel lie on an image: the geometry that convolution and pooling share.
struct WindowGrid {
    /// Image rows of each row of windows, one a kernel row; -1 for padding.
    let rows: [[Int]]
    /// Image columns of each column of windows, one a kernel column; -1 for padding.
    let columns: [[Int]]
    private let image: Pair

    /// - Parameter operands: of the operation, for messages; operand 0 is the image.
    /// - Throws: `.mismatch` where the kernel does not fit into the padded image.
    init(
        _ operands: Operands, image: Pair, kernel: Pair, strides: Pair, dilations: Pair, padding: Padding
    ) throws(ModelError) {
        self.image = image
        rows = try Self.line(
            operands, "height", image.height, kernel.height, strides.height, dilations.height,
            (padding.top, padding.bottom))
        columns = try Self.line(
            operands, "width", image.width, kernel.width, strides.width, dilations.width,
            (padding.left, padding.right))
    }

    private static func line(
        _ operands: Operands, _ side: String, _ image: Int, _ kernel: Int, _ stride: Int, _ dilation: Int,
        _ padding: (before: Int, after: Int)
    ) throws(ModelError) -> [[Int]] {
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
        let count = (padded - extent) / stride + 1
        // A hostile file may ask for 2^28 windows of 2^28 taps, each alone within its range.
        _ = try Shape.count([count, kernel], of: "the windows along the \(side)")
        return (0..<count).map { window in
            (0..<kernel).map { tap in
                let position = window * stride + tap * dilation - padding.before
                return (0..<image).contains(position) ? position : -1
            }
        }
    }

    /// Calls `body` for each window, in order, with the pixel numbers (of all images) of its taps; -1 for padding.
    func forEachWindow(images: Int, _ body: ([Int]) -> Void) {
        var positions: [Int] = []
        for start in 0..<images {
            for row in rows {
                for column in columns {
                    positions.removeAll(keepingCapacity: true)
                    for y in row {
                        for x in column {
                            let pixel = (start * image.height + y) * image.width + x
                            positions.append(y < 0 || x < 0 ? -1 : pixel)
                        }
                    }
                    body(positions)
                }
            }
        }
    }
}
