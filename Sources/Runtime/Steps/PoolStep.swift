internal import Glibc
internal import Graph
internal import Kernels

extension Pool: Runnable {
    func step(_ context: StepContext) -> Step? { PoolStep(self, context) }
}

/// A pool, shared among threads by rows; over a whole image as one sum a channel.
final class PoolStep: Step {
    /// What is done with a window.
    private enum Way {
        /// The kernel's: the largest, or the average with ties away from zero of the numbers as stored.
        case kernel
        /// One sum of stored numbers a channel of the whole image.
        case whole(AverageArithmetic)
        /// A sum a channel, one window after the other.
        case windows(AverageArithmetic)
    }

    private let node: Pool
    private let shape: DepthwiseShape
    private let way: Way
    private let kernels: ByteKernels
    private let input: Int
    private let output: Int

    init(_ node: Pool, _ context: StepContext) {
        self.node = node
        let shape = DepthwiseShape(node.window, from: node.inputShape, to: node.outputShape)
        self.shape = shape
        kernels = context.kernels.bytes
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        let isWhole =
            !node.window.isPadded && shape.outputRows == 1 && shape.outputColumns == 1
            && shape.tapsY == shape.inputRows && shape.tapsX == shape.inputColumns
        switch node.arithmetic {
        case .integer(let origin, let ties) where isWhole: way = .whole(.integer(origin: origin, ties: ties))
        case .some(.scaled(let scale, let from, let to)) where isWhole:
            way = .whole(.scaled(scale, inputZeroPoint: from, outputZeroPoint: to))
        case .none, .integer(origin: 0, ties: .awayFromZero): way = .kernel
        case .some(let arithmetic): way = .windows(arithmetic)
        }
    }

    override var scratchBytes: Int { shape.channels * MemoryLayout<Int32>.stride }
    override var divisions: Int { shape.outputRows }
    override var estimate: Int { shape.outputBytes * shape.taps / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for;
    // scratch holds a sum a channel, of one kind at a time.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let rows = part.range(of: shape.outputRows)
        guard !rows.isEmpty else { return }
        for image in 0..<node.inputShape[0] {
            let from = arena + input + image * shape.inputBytes
            let to = arena + output + image * shape.outputBytes
            switch way {
            case .kernel:
                kernels.pool(shape, isMaximum: node.kind == .maximum, range: node.clamp, from, to, rows: rows)
            case .whole(let arithmetic):
                let sums = scratch.assumingMemoryBound(to: Int32.self)
                kernels.sum(positions: shape.taps, channels: shape.channels, from, sums)
                average(sums, Int32(shape.taps), arithmetic, to)
            case .windows(let arithmetic):
                for y in rows { averageRow(y, arithmetic, from, to, scratch) }
            }
        }
    }

    /// The windows of one row of the output.
    private func averageRow(
        _ y: Int, _ arithmetic: AverageArithmetic, _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer,
        _ scratch: UnsafeMutableRawPointer
    ) {
        let top = y * shape.strideY - shape.padTop
        let rows = max(top, 0)..<min(top + shape.tapsY, shape.inputRows)
        for x in 0..<shape.outputColumns {
            let left = x * shape.strideX - shape.padLeft
            let columns = max(left, 0)..<min(left + shape.tapsX, shape.inputColumns)
            let count = Int32(rows.count * columns.count)
            let target = to + (y * shape.outputColumns + x) * shape.channels
            memset(scratch, 0, scratchBytes)
            switch arithmetic {
            case .integer, .scaled:
                let sums = scratch.assumingMemoryBound(to: Int32.self)
                for row in rows {
                    for column in columns { add(pixel(row, column, from), to: sums) }
                }
                average(sums, count, arithmetic, target)
            case .float(let input, let output, let origin):
                let sums = scratch.assumingMemoryBound(to: Float.self)
                for row in rows {
                    for column in columns { add(pixel(row, column, from), input, to: sums) }
                }
                average(sums, count, output, origin, target)
            }
        }
    }

    private func pixel(_ row: Int, _ column: Int, _ from: UnsafeMutableRawPointer) -> UnsafePointer<Int8> {
        let place = (row * shape.inputColumns + column) * shape.channels
        return UnsafePointer((from + place).assumingMemoryBound(to: Int8.self))
    }

    // MARK: integers

    /// Of at most 2^20 pixels: within 2^27.
    private func add(_ pixel: UnsafePointer<Int8>, to sums: UnsafeMutablePointer<Int32>) {
        for channel in 0..<shape.channels { sums[channel] &+= Int32(pixel[channel]) }
    }

    private func average(
        _ sums: UnsafeMutablePointer<Int32>, _ count: Int32, _ arithmetic: AverageArithmetic,
        _ to: UnsafeMutableRawPointer
    ) {
        for channel in 0..<shape.channels {
            store(arithmetic.average(sum: sums[channel], count: count), to + channel)
        }
    }

    // MARK: real numbers

    private func add(_ pixel: UnsafePointer<Int8>, _ input: Quantization, to sums: UnsafeMutablePointer<Float>) {
        let (scale, zeroPoint) = (input.scale, input.zeroPoint)
        for channel in 0..<shape.channels { sums[channel] += scale * Float(Int32(pixel[channel]) &- zeroPoint) }
    }

    private func average(
        _ sums: UnsafeMutablePointer<Float>, _ count: Int32, _ output: Quantization, _ origin: Int32,
        _ to: UnsafeMutableRawPointer
    ) {
        for channel in 0..<shape.channels {
            let average = AverageArithmetic.average(sum: sums[channel], count: count, output: output, origin: origin)
            store(average, to + channel)
        }
    }

    private func store(_ average: Int32, _ to: UnsafeMutableRawPointer) {
        to.storeBytes(of: Int8(min(max(average, node.clamp.lowerBound), node.clamp.upperBound)), as: Int8.self)
    }
}
