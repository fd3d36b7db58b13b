/// Geometry of a convolution, or of a dense layer or matrix product as its simplest case.
///
/// - Shapes: input is bytes that are read where they lie, padding included; output `[rows, columns, channels]`, int8,
///   positions `outputStride` bytes apart.
package struct ConvolutionShape: Hashable, Sendable {
    /// Output positions.
    package var rows: Int
    package var columns: Int
    /// Bytes of input between the windows of neighbouring positions.
    package var rowStride: Int
    package var columnStride: Int
    /// Where the runs of a window begin, in bytes from the window's start; none negative.
    package var segmentOffsets: [Int32]
    /// Bytes of a run.
    package var segmentLength: Int
    package var channels: Int
    /// Bytes between the outputs of neighbouring positions, at least `channels`.
    package var outputStride: Int

    package init(
        rows: Int, columns: Int, rowStride: Int, columnStride: Int, segmentOffsets: [Int32], segmentLength: Int,
        channels: Int, outputStride: Int
    ) {
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride
        self.columnStride = columnStride
        self.segmentOffsets = segmentOffsets
        self.segmentLength = segmentLength
        self.channels = channels
        self.outputStride = outputStride
    }

    /// `rows` vectors one after the other times weights: a matrix product, or with one row a dense layer.
    package init(vectors: Int, inputs: Int, outputs: Int) {
        self.init(
            rows: 1, columns: vectors, rowStride: vectors * inputs, columnStride: inputs, segmentOffsets: [0],
            segmentLength: inputs, channels: outputs, outputStride: outputs)
    }

    package var positions: Int { rows * columns }

    /// Blocks of 16 channels, the last one filled up.
    package var blocks: Int {
        (channels + ConvolutionKernel.blockChannels - 1) / ConvolutionKernel.blockChannels
    }

    /// Bytes from the first window's start that must be readable: up to 3 behind the last run are read, and ignored.
    package var inputBytes: Int {
        let last = segmentOffsets.max().map(Int.init) ?? 0
        return (rows - 1) * rowStride + (columns - 1) * columnStride + last + (segmentLength + 3) / 4 * 4
    }

    package var outputBytes: Int { (positions - 1) * outputStride + channels }

    /// Whether a kernel can take it: every count is positive, the window is at most 65,536 bytes, nothing overflows.
    package var isValid: Bool {
        guard rows > 0, columns > 0, rowStride >= 0, columnStride >= 0, segmentLength > 0, channels > 0,
            outputStride >= channels, !segmentOffsets.isEmpty, segmentOffsets.allSatisfy({ $0 >= 0 })
        else { return false }
        let largest = [rows, columns, rowStride, columnStride, segmentLength, channels, outputStride].max() ?? 0
        // Products of two such stay far within 64 bits, and so does the sum of three.
        guard largest <= Int(Int32.max) else { return false }
        let (outputs, overflow) = (rows * columns).multipliedReportingOverflow(by: outputStride)
        return !overflow && outputs <= Int.max / 2
            && segmentOffsets.count * segmentLength <= ConvolutionKernel.maximumWindowBytes
    }
}

/// How 32-bit sums become int8, for every output channel.
package struct ConvolutionRequantization: Hashable, Sendable {
    package enum Factors: Hashable, Sendable {
        /// `round_half_even(Float(sum) * scale)`. Source: XNNPACK, ONNX Runtime.
        case float(scales: [Float])
        /// A doubling high multiply, then a rounding shift: its ties go up (ruy) or away from zero (gemmlowp).
        ///
        /// multipliers: 0 or 2^30...2^31 - 1; shifts: -31...30, above zero to the left.
        case twoStep(multipliers: [Int32], shifts: [Int32], tiesUp: Bool)
        /// `(sum * multiplier) / 2^-shift` in 64 bits, rounded once: half up, or away from zero.
        ///
        /// multipliers: 0...2^31 - 1; shifts: -31...0; together factors below 2^20.
        case integer(multipliers: [Int32], shifts: [Int32], tiesUp: Bool)
    }

    /// A tensor that is added to the scaled sums before they are rounded; with float factors alone.
    package struct Residual: Hashable, Sendable {
        /// What its numbers less their zero point are multiplied with; not 0.
        package var scale: Float
        package var zeroPoint: Int32
        /// Bytes from an output to its residual, in the same memory.
        package var distance: Int

        package init(scale: Float, zeroPoint: Int32, distance: Int) {
            self.scale = scale
            self.zeroPoint = zeroPoint
            self.distance = distance
        }
    }

    package var factors: Factors
    package var zeroPoint: Int32
    /// Clamp, within -128...127.
    package var range: ClosedRange<Int32>
    package var residual: Residual?

    package init(factors: Factors, zeroPoint: Int32, range: ClosedRange<Int32>, residual: Residual? = nil) {
        self.factors = factors
        self.residual = residual
        self.zeroPoint = zeroPoint
        self.range = range
    }

    func isValid(channels: Int) -> Bool {
        let int8: ClosedRange<Int32> = -128...127
        guard int8.contains(zeroPoint), int8.contains(range.lowerBound), int8.contains(range.upperBound) else {
            return false
        }
        switch factors {
        case .integer(let multipliers, let shifts, _):
            return residual == nil && multipliers.count == channels && shifts.count == channels
                && shifts.allSatisfy { (-31...0).contains($0) }
                && zip(multipliers, shifts).allSatisfy { $0 >= 0 && Int64($0) < 1 << Int64(20 - $1) }
        case .float(let scales): return scales.count == channels && scales.allSatisfy(\.isFinite)
        case .twoStep(let multipliers, let shifts, _):
            return residual == nil && multipliers.count == channels && shifts.count == channels
                && multipliers.allSatisfy { $0 == 0 || $0 >= 1 << 30 } && shifts.allSatisfy { (-31...30).contains($0) }
        }
    }
}
