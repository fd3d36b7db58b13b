/// How the pixels under a window become their average.
package enum AverageArithmetic: Hashable, Sendable {
    /// `(sum + half of the count, with the sum's sign) / count` of the stored numbers plus the origin, which is taken off
    /// again: half away from zero. The origin is 128 where the numbers were uint8, else 0. Both sides have one quantization.
    case integer(origin: Int32)
    /// `round half to even(mean / outputScale + zeroPoint)`, the mean being a float32 sum of real numbers, row by row, and
    /// divided by their count. The zero point is that of the output plus the origin, which is taken off again.
    case float(input: Quantization, output: Quantization, origin: Int32)

    /// - Parameter pixels: stored numbers, row by row, those inside the image only; 1...2^20.
    /// - Returns: not yet clamped to int8.
    package func callAsFunction(_ pixels: [Int32]) -> Int32 {
        let count = Int32(pixels.count)
        switch self {
        case .integer(let origin):
            return Self.average(sum: pixels.reduce(0, +), count: count, origin: origin)
        case .float(let input, let output, let origin):
            var sum: Float = 0
            for pixel in pixels { sum += input.scale * Float(pixel - input.zeroPoint) }
            return Self.average(sum: sum, count: count, output: output, origin: origin)
        }
    }

    /// ``float(input:output:origin:)`` from the sum of the real numbers.
    package static func average(sum: Float, count: Int32, output: Quantization, origin: Int32) -> Int32 {
        let steps = sum / Float(count) / output.scale + Float(output.zeroPoint + origin)
        return Int32(min(max(steps, -1_024), 1_024).rounded(.toNearestOrEven)) - origin
    }

    /// ``integer(origin:)`` from the sum of the stored numbers.
    package static func average(sum: Int32, count: Int32, origin: Int32) -> Int32 {
        let moved = sum + count * origin
        // Division of integers goes towards zero.
        return (moved + (moved > 0 ? count / 2 : -(count / 2))) / count - origin
    }
}
