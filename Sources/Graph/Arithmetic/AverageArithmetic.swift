/// An average of the pixels under a window, as far as contracts tell them apart.
package struct AverageOfWindow: Hashable, Sendable {
    package var input: Quantization
    package var output: Quantization
    /// Pixels of a window that lies within the image.
    package var taps: Int
    /// Some windows reach beyond the image, and average fewer.
    package var isPadded: Bool
    /// Carried over from uint8.
    package var isUnsigned: Bool

    package init(
        _ input: Quantization, output: Quantization, taps: Int, isPadded: Bool = false, isUnsigned: Bool = false
    ) {
        self.input = input
        self.output = output
        self.taps = taps
        self.isPadded = isPadded
        self.isUnsigned = isUnsigned
    }

    /// What a stored number lacks to the one in the model's file.
    var origin: Int32 { isUnsigned ? 128 : 0 }
    /// Whether 2^20 pixels of 255 stay finite in float32.
    var isFinite: Bool { input.scale < 0x1p90 && input.scale / output.scale < 0x1p90 }
}

/// How the pixels under a window become their average.
package enum AverageArithmetic: Hashable, Sendable {
    /// The quotient of the sum of the stored numbers plus the origin, which is taken off again, by their count. Both sides
    /// have one quantization. The origin is 128 where the numbers were uint8, the zero point's negative where the mean is
    /// one of real numbers, else 0.
    case integer(origin: Int32, ties: Ties)
    /// `round half to even(mean / outputScale + zeroPoint)`, the mean being a float32 sum of real numbers, row by row, and
    /// divided by their count. The zero point is that of the output plus the origin, which is taken off again.
    case float(input: Quantization, output: Quantization, origin: Int32)
    /// The sum of as many stored numbers as the window has taps, less their zero points, scaled; then the output's zero
    /// point.
    case scaled(Requantization, inputZeroPoint: Int32, outputZeroPoint: Int32)

    /// Where a half of an integer's quotient goes.
    package enum Ties: Hashable, Sendable { case awayFromZero, towardsZero }

    /// - Parameter pixels: stored numbers, row by row, those inside the image only; 1...2^20.
    /// - Returns: not yet clamped to int8.
    package func callAsFunction(_ pixels: [Int32]) -> Int32 {
        guard case .float(let input, let output, let origin) = self else {
            return average(sum: pixels.reduce(0, +), count: Int32(pixels.count))
        }
        var sum: Float = 0
        for pixel in pixels { sum += input.scale * Float(pixel - input.zeroPoint) }
        return Self.average(sum: sum, count: Int32(pixels.count), output: output, origin: origin)
    }

    /// ``float(input:output:origin:)`` from the sum of the real numbers.
    package static func average(sum: Float, count: Int32, output: Quantization, origin: Int32) -> Int32 {
        let steps = sum / Float(count) / output.scale + Float(output.zeroPoint + origin)
        return Int32(min(max(steps, -1_024), 1_024).rounded(.toNearestOrEven)) - origin
    }

    /// The others from the sum of the stored numbers.
    package func average(sum: Int32, count: Int32) -> Int32 {
        switch self {
        case .integer(let origin, let ties):
            let moved = sum + count * origin
            let half = ties == .awayFromZero ? count / 2 : (count - 1) / 2
            // Division of integers goes towards zero.
            return (moved + (moved > 0 ? half : -half)) / count - origin
        case .scaled(let requantization, let inputZeroPoint, let outputZeroPoint):
            return requantization(sum - count * inputZeroPoint, zeroPoint: outputZeroPoint, range: -128...127)
        case .float:
            preconditionFailure("an average of real numbers is not one of a sum of stored ones")
        }
    }
}
