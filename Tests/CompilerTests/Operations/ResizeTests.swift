import Testing

@testable import Compiler

/// Values from the backend tests of the ONNX standard (`test_resize_*`, onnx 1.20), named in each case.
@Suite("Resize") struct ResizeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var source: String
        var operation: Resize
        var image: [Int]
        var expected: [Float]
        var testDescription: String { source }

        init(
            _ source: String, _ method: Resize.Method, _ coordinates: Resize.Coordinates, _ image: [Int], to size: Pair,
            scales: (Float, Float)? = nil, rounding: Resize.Rounding = .halfDown, _ expected: [Float]
        ) {
            self.source = source
            operation = Resize(method, size: size, coordinates: coordinates)
            operation.rounding = rounding
            operation.scaleHeight = scales.map { 1 / $0.0 }
            operation.scaleWidth = scales.map { 1 / $0.1 }
            self.image = image
            self.expected = expected
        }
    }

    static let cases = [
        Case(
            "downsample_scales_linear", .bilinear, .halfPixel, [1, 2, 4, 1], to: Pair(1, 2), scales: (0.6, 0.6),
            [2.6666665, 4.333333]),
        Case(
            "downsample_scales_linear_align_corners", .bilinear, .alignCorners, [1, 2, 4, 1], to: Pair(1, 2),
            scales: (0.6, 0.6), [1, 3.142857]),
        Case(
            "downsample_scales_linear_half_pixel_symmetric", .bilinear, .halfPixelSymmetric, [1, 1, 4, 1],
            to: Pair(1, 2), scales: (1, 0.6), [1.6666667, 3.3333333]),
        Case(
            "downsample_scales_nearest", .nearest, .halfPixel, [1, 2, 4, 1], to: Pair(1, 2), scales: (0.6, 0.6),
            [1, 3]),
        Case(
            "downsample_sizes_linear_pytorch_half_pixel", .bilinear, .pytorchHalfPixel, [1, 4, 4, 1], to: Pair(3, 1),
            [1.6666666, 7, 12.333333]),
        Case("downsample_sizes_nearest", .nearest, .halfPixel, [1, 2, 4, 1], to: Pair(1, 3), [1, 2, 4]),
        Case(
            "upsample_scales_linear", .bilinear, .halfPixel, [1, 2, 2, 1], to: Pair(4, 4), scales: (2, 2),
            [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4]),
        Case(
            "upsample_scales_linear_align_corners", .bilinear, .alignCorners, [1, 2, 2, 1], to: Pair(4, 4),
            scales: (2, 2),
            [
                1, 1.3333334, 1.6666666, 2, 1.6666666, 2, 2.3333333, 2.6666667, 2.3333333, 2.6666667, 3, 3.3333333, 3,
                3.3333333, 3.6666667, 4,
            ]),
        Case(
            "upsample_scales_linear_half_pixel_symmetric", .bilinear, .halfPixelSymmetric, [1, 2, 2, 1], to: Pair(4, 5),
            scales: (2.3, 2.94),
            [
                1, 1.159864, 1.5, 1.840136, 2, 1.5652174, 1.7250813, 2.0652175, 2.4053535, 2.5652175, 2.4347825,
                2.5946465, 2.9347825, 3.2749186, 3.4347825, 3, 3.159864, 3.5, 3.840136, 4,
            ]),
        Case(
            "upsample_scales_nearest", .nearest, .halfPixel, [1, 2, 2, 1], to: Pair(4, 6), scales: (2, 3),
            [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4]),
        Case(
            "upsample_sizes_nearest", .nearest, .halfPixel, [1, 2, 2, 1], to: Pair(7, 8), rounding: .halfDown,
            [
                1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3,
                3, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4,
            ]),
        Case(
            "upsample_sizes_nearest_ceil_half_pixel", .nearest, .halfPixel, [1, 4, 4, 1], to: Pair(8, 8),
            rounding: .ceil,
            [
                1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 6, 7, 7, 8, 8, 8, 5, 6, 6, 7, 7, 8, 8, 8, 9, 10, 10, 11, 11, 12, 12, 12,
                9, 10, 10, 11, 11, 12, 12, 12, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14,
                14, 15, 15, 16, 16, 16,
            ]),
        Case(
            "upsample_sizes_nearest_floor_align_corners", .nearest, .alignCorners, [1, 4, 4, 1], to: Pair(8, 8),
            rounding: .floor,
            [
                1, 1, 1, 2, 2, 3, 3, 4, 1, 1, 1, 2, 2, 3, 3, 4, 1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 5, 6, 6, 7, 7, 8, 5, 5, 5,
                6, 6, 7, 7, 8, 9, 9, 9, 10, 10, 11, 11, 12, 9, 9, 9, 10, 10, 11, 11, 12, 13, 13, 13, 14, 14, 15, 15, 16,
            ]),
        Case(
            "upsample_sizes_nearest_round_prefer_ceil_asymmetric", .nearest, .asymmetric, [1, 4, 4, 1], to: Pair(8, 8),
            rounding: .halfUp,
            [
                1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 6, 7, 7, 8, 8, 8, 5, 6, 6, 7, 7, 8, 8, 8, 9, 10, 10, 11, 11, 12, 12, 12,
                9, 10, 10, 11, 11, 12, 12, 12, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14,
                14, 15, 15, 16, 16, 16,
            ]),
    ]

    @Test("equals the standard's own values", arguments: cases)
    func standard(sample: Case) throws {
        let y = try sample.operation.of(Tensors.counting(sample.image))
        let size = sample.operation.size
        #expect(y.isNear(Tensors.reals([1, size.height, size.width, 1], sample.expected), within: 1e-6), "\(y.reals)")
    }

    @Test("keeps channels and images apart, and nearest takes any type")
    func channels() throws {
        let x = TensorData(shape: [2, 1, 2, 2], .uint8([1, 10, 2, 20, 3, 30, 4, 40]))
        let y = try Resize(.nearest, size: Pair(1, 4), coordinates: .asymmetric).of(x)
        #expect(y.elements == .uint8([1, 10, 1, 10, 2, 20, 2, 20, 3, 30, 3, 30, 4, 40, 4, 40]))
    }

    @Test("The same size is the same image, whatever the mode", arguments: Self.everyMode)
    func same(operation: Resize) throws {
        let x = Tensors.eighths([2, 3, 4, 3], seed: 1)
        #expect(try operation.of(x) == x)
    }

    static let everyMode: [Resize] = [Resize.Method.nearest, .bilinear].flatMap { method in
        [Resize.Coordinates.asymmetric, .halfPixel, .pytorchHalfPixel, .alignCorners, .halfPixelSymmetric].map {
            Resize(method, size: Pair(3, 4), coordinates: $0)
        }
    }

    @Test(
        "Scales that lead nowhere neither trap nor read outside", arguments: [Float.greatestFiniteMagnitude, 1e-30, 4])
    func hostileScales(scale: Float) throws {
        for var operation in Self.everyMode {
            operation.scaleHeight = scale
            operation.scaleWidth = scale
            _ = try operation.of(Tensors.counting([1, 2, 4, 1]))
        }
        var operation = Resize(.bilinear, size: Pair(3, 4), coordinates: .halfPixel)
        operation.scaleWidth = .nan
        #expect(
            operation.refusal([1, 2, 4, 1]).contains("scale of resize: expected a finite number above 0, found nan"))
        operation.size.height = 0
        #expect(operation.refusal([1, 2, 4, 1]).contains("height of resize"))
    }
}
