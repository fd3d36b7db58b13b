/// Where a kernel's windows lie on an image, and what padding the file's word for it means.
struct TFLiteWindows {
    var image: Pair
    var kernel: Pair
    var strides: Pair
    var dilations: Pair

    /// - Parameter isSame: whether the result is as high as the image, divided by the stride and rounded up; an odd row
    ///   goes to the bottom, an odd column to the right.
    /// - Throws: `.tooLarge` for more windows than an edge box computes.
    func padding(isSame: Bool) throws(ModelError) -> Padding {
        let rows = try side(image.height, kernel.height, strides.height, dilations.height, "height", isSame)
        let columns = try side(image.width, kernel.width, strides.width, dilations.width, "width", isSame)
        return Padding(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }

    private func side(
        _ image: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ side: String, _ isSame: Bool
    ) throws(ModelError) -> Int {
        let count = (image + stride - 1) / stride
        let (taps, overflows) = count.multipliedReportingOverflow(by: kernel)
        guard !overflows, taps <= Self.maximumTaps else {
            throw .tooLarge(
                .init(
                    "windows along the \(side)", expected: "at most \(Self.maximumTaps) taps in all",
                    found: "\(count) windows of \(kernel)"))
        }
        return isSame ? max((count - 1) * stride + (kernel - 1) * dilation + 1 - image, 0) : 0
    }

    /// Four minutes of sound at 16,000 samples a second under a kernel of one; the shape rules list each tap.
    private static let maximumTaps = 1 << 22
}
