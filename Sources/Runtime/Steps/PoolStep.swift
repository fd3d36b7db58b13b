internal import Graph
internal import Kernels

extension Pool: Runnable {
    func step(_ context: StepContext) -> Step? {
        guard case .float = arithmetic else { return PoolStep(self, context) }
        return ReferenceStep(self, context)
    }
}

/// A pool, shared among threads by rows; over a whole image as one sum a channel.
final class PoolStep: Step {
    private let node: Pool
    private let shape: DepthwiseShape
    private let kernels: ByteKernels
    private let input: Int
    private let output: Int
    /// What makes the average of a whole image of its sums.
    private let origin: Int32?

    init(_ node: Pool, _ context: StepContext) {
        self.node = node
        shape = DepthwiseShape(node.window, from: node.inputShape, to: node.outputShape)
        kernels = context.kernels.bytes
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        if case .integer(let origin) = node.arithmetic { self.origin = origin } else { origin = nil }
    }

    private var isWhole: Bool {
        !node.window.isPadded && shape.outputRows == 1 && shape.outputColumns == 1 && shape.tapsY == shape.inputRows
            && shape.tapsX == shape.inputColumns
    }

    override var scratchBytes: Int { shape.channels * MemoryLayout<Int32>.stride }
    override var divisions: Int { isWhole ? 1 : shape.outputRows }
    override var estimate: Int { shape.outputBytes * shape.taps / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        for image in 0..<node.inputShape[0] {
            let from = arena + input + image * shape.inputBytes
            let to = arena + output + image * shape.outputBytes
            if let origin, isWhole {
                average(from, to, origin, scratch.assumingMemoryBound(to: Int32.self))
            } else if let origin, origin != 0 {
                averageOfWindows(from, to, origin, part.range(of: shape.outputRows))
            } else {
                kernels.pool(
                    shape, isMaximum: node.kind == .maximum, range: node.clamp, from, to,
                    rows: part.range(of: shape.outputRows))
            }
        }
    }

    private func average(
        _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ origin: Int32,
        _ sums: UnsafeMutablePointer<Int32>
    ) {
        kernels.sum(positions: shape.taps, channels: shape.channels, from, sums)
        let count = Int32(shape.taps)
        for channel in 0..<shape.channels {
            store(sums[channel], count, origin, to + channel)
        }
    }

    private func averageOfWindows(
        _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ origin: Int32, _ rows: Range<Int>
    ) {
        let pixels = from.assumingMemoryBound(to: Int8.self)
        for y in rows {
            let top = y * shape.strideY - shape.padTop
            let first = max(top, 0)
            let last = min(top + shape.tapsY, shape.inputRows)
            for x in 0..<shape.outputColumns {
                let left = x * shape.strideX - shape.padLeft
                let columns = max(left, 0)..<min(left + shape.tapsX, shape.inputColumns)
                let count = Int32((last - first) * columns.count)
                for channel in 0..<shape.channels {
                    var sum: Int32 = 0
                    for row in first..<last {
                        for column in columns {
                            sum += Int32(pixels[(row * shape.inputColumns + column) * shape.channels + channel])
                        }
                    }
                    store(sum, count, origin, to + (y * shape.outputColumns + x) * shape.channels + channel)
                }
            }
        }
    }

    private func store(_ sum: Int32, _ count: Int32, _ origin: Int32, _ to: UnsafeMutableRawPointer) {
        let average = AverageArithmetic.average(sum: sum, count: count, origin: origin)
        to.storeBytes(of: Int8(min(max(average, node.clamp.lowerBound), node.clamp.upperBound)), as: Int8.self)
    }
}
