import CKernels
import Kernels
import Seeded
import Testing

/// A convolution with its operands, and what the formula says of it: neither the C scalar kernel, nor packing or folding.
struct ConvolutionCase {
    /// How operands are filled. The extremes are where a 16-bit intermediate would saturate or overflow.
    enum Fill: CaseIterable {
        case random, lowest, highest, opposite, extremes

        func bytes(_ count: Int, isWeight: Bool, _ random: inout SplitMix64) -> [Int8] {
            var made = [Int8](repeating: 0, count: count)
            for index in made.indices {
                switch self {
                case .random: made[index] = Int8(truncatingIfNeeded: random.next())
                case .lowest: made[index] = -128
                case .highest: made[index] = 127
                case .opposite: made[index] = isWeight ? -128 : 127
                case .extremes: made[index] = [-128, 127, 0, -1][Int(random.next() >> 62)]
                }
            }
            return made
        }
    }

    var shape: ConvolutionShape
    var input: [Int8]
    /// `[channels][segments][segmentLength]`.
    var weights: [Int8]
    var weightZeroPoints: [Int32]?
    var bias: [Int32]
    var inputZeroPoint: Int32
    var requantization: ConvolutionRequantization
    /// Laid out as the output; empty without a residual.
    var residuals: [Int8] = []
    /// From nothing to more than any weights here.
    let panelBytes: Int

    var segments: Int { shape.segmentOffsets.count }

    init(_ shape: ConvolutionShape, _ fill: Fill, _ random: inout SplitMix64) {
        self.shape = shape
        panelBytes = [0, 1_000, 4_000, 16_000, 64_000].randomElement(using: &random) ?? 0
        let window = shape.segmentOffsets.count * shape.segmentLength
        input = fill.bytes(shape.inputBytes, isWeight: false, &random)
        weights = fill.bytes(shape.channels * window, isWeight: true, &random)
        let channels = 0..<shape.channels
        if Int.random(in: 0..<4, using: &random) == 0 {
            weightZeroPoints = channels.map { _ in Int32.random(in: -128...127, using: &random) }
        }
        // Now and then beyond what a plan may hold, so that sums wrap.
        let bits = Int.random(in: 0..<8, using: &random) == 0 ? 32 : 20
        bias = channels.map { _ in Int32(truncatingIfNeeded: random.next()) >> Int32(32 - bits) }
        inputZeroPoint = Int32.random(in: -128...127, using: &random)
        let low = Int32.random(in: -128...127, using: &random)
        requantization = ConvolutionRequantization(
            factors: Self.factors(shape.channels, window, &random),
            zeroPoint: Int32.random(in: -128...127, using: &random),
            range: Bool.random(using: &random) ? -128...127 : low...Int32.random(in: low...127, using: &random))
        if case .float = requantization.factors, Bool.random(using: &random) {
            residuals = fill.bytes(shape.outputBytes, isWeight: false, &random)
            requantization.residual = .init(
                scale: Float.random(in: 0.01...2, using: &random), zeroPoint: .random(in: -128...127, using: &random),
                distance: shape.outputBytes)
        }
    }

    private static func factors(
        _ channels: Int, _ window: Int, _ random: inout SplitMix64
    ) -> ConvolutionRequantization.Factors {
        // Most outputs within range, some far beyond it.
        let usual = 1 / (Float(window).squareRoot() * 100)
        switch Int.random(in: 0..<5, using: &random) {
        case let kind where kind > 2:
            let isWild = Int.random(in: 0..<4, using: &random) == 0
            // Powers of two meet ties.
            let isPower = Bool.random(using: &random)
            let shifts = (0..<channels).map { _ in
                isWild ? Int32.random(in: -31...0, using: &random) : Int32.random(in: -31 ... -16, using: &random)
            }
            return .integer(
                multipliers: shifts.map { shift in
                    let most =
                        isWild
                        ? Int32(min((Int64(1) << Int64(20 - shift)) - 1, Int64(Int32.max)))
                        : Int32(usual * Float(sign: .plus, exponent: -Int(shift), significand: 1)) + 1
                    let any = Int32.random(in: 0...most, using: &random)
                    return isPower ? 1 << Int32(31 - max(any, 1).leadingZeroBitCount) : any
                }, shifts: shifts, tiesUp: kind == 3)
        case 0:
            let isWild = Int.random(in: 0..<4, using: &random) == 0
            return .float(
                scales: (0..<channels).map { _ in
                    isWild
                        ? [0, 1, 0.5, 3e38, 1e-30][Int.random(in: 0..<5, using: &random)]
                        : Float.random(in: 0...usual, using: &random)
                })
        case let kind:
            let isWild = Int.random(in: 0..<4, using: &random) == 0
            let shift = Int32(usual.exponent)
            return .twoStep(
                multipliers: (0..<channels).map { _ in
                    isWild && Bool.random(using: &random)
                        ? [0, 1 << 30, .max][Int.random(in: 0..<3, using: &random)]
                        : Int32.random(in: 1 << 30...Int32.max, using: &random)
                },
                shifts: (0..<channels).map { _ in
                    isWild
                        ? Int32.random(in: -31...30, using: &random)
                        : Int32.random(in: shift...shift + 2, using: &random)
                }, tiesUp: kind == 1)
        }
    }

    func expected(_ position: Int, _ channel: Int) -> Int8 {
        let (y, x) = position.quotientAndRemainder(dividingBy: shape.columns)
        let start = y * shape.rowStride + x * shape.columnStride
        var sum = bias[channel]
        for (segment, offset) in shape.segmentOffsets.enumerated() {
            for k in 0..<shape.segmentLength {
                let value = Int32(input[start + Int(offset) + k]) - inputZeroPoint
                let weight = Int32(weights[(channel * segments + segment) * shape.segmentLength + k])
                sum &+= value * (weight - (weightZeroPoints?[channel] ?? 0))
            }
        }
        return requantized(sum, position, channel)
    }

    private func requantized(_ sum: Int32, _ position: Int, _ channel: Int) -> Int8 {
        let (low, high) = (Int64(requantization.range.lowerBound), Int64(requantization.range.upperBound))
        let zeroPoint = Int64(requantization.zeroPoint)
        let scaled: Int64
        switch requantization.factors {
        case .float(let scales):
            let other = requantization.residual.map {
                Float(Int32(residuals[position * shape.outputStride + channel]) - $0.zeroPoint) * $0.scale
            }
            let value = (Float(sum) * scales[channel] + (other ?? 0)).rounded(.toNearestOrEven)
            scaled = Int64(max(min(value, 1e6), -1e6))
        case .integer(let multipliers, let shifts, let tiesUp):
            let product = Int64(sum) * Int64(multipliers[channel])
            let right = Int64(-shifts[channel])
            let half = (Int64(1) << right) / 2
            // The same of the magnitude where ties go away from zero.
            scaled = tiesUp || product >= 0 ? (product + half) >> right : -((-product + half) >> right)
        case .twoStep(let multipliers, let shifts, let tiesUp):
            let shift = shifts[channel]
            var shifted = Int64(sum) << Int64(max(shift, 0))
            shifted = max(min(shifted, Int64(Int32.max)), Int64(Int32.min))
            let product = shifted * Int64(multipliers[channel])
            let doubled = (product + (1 << 30)) >> 31
            let divisor = Int64(1) << Int64(max(-shift, 0))
            let half = divisor / 2
            // Ties up: floor((2x + d) / 2d). Away from zero: the same of the magnitude.
            scaled =
                tiesUp || doubled >= 0
                ? (doubled + half) >> Int64(max(-shift, 0)) : -((-doubled + half) >> Int64(max(-shift, 0)))
        }
        return Int8(max(low, min(high, scaled + zeroPoint)))
    }
}

extension ConvolutionShape {
    /// Anything that the walk below is meant to cross: rows with and without a gap, overlapping windows, runs apart.
    static func random(positions: Int, channels: Int, segmentLength: Int, _ random: inout SplitMix64) -> Self {
        let rows = Bool.random(using: &random) ? 1 : Int.random(in: 1...max(1, min(positions, 6)), using: &random)
        let columns = max(1, positions / rows)
        let segments = Bool.random(using: &random) ? 1 : Int.random(in: 1...9, using: &random)
        let columnStride = Bool.random(using: &random) ? segmentLength : Int.random(in: 0...48, using: &random)
        let rowStride =
            columns * columnStride + (Bool.random(using: &random) ? 0 : Int.random(in: 1...9, using: &random))
        let offsets = (0..<segments).map { segment in
            segment == 0 ? 0 : Int32.random(in: 0...200, using: &random)
        }
        return ConvolutionShape(
            rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride, segmentOffsets: offsets,
            segmentLength: segmentLength, channels: channels,
            outputStride: channels + (Bool.random(using: &random) ? 0 : Int.random(in: 1...20, using: &random)))
    }
}
