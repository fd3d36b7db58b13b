internal import Graph
internal import Kernels

extension FullyConnected: Runnable {
    func step(kernels: KernelSet, arena: ArenaPlan) -> any Step {
        FullyConnectedStep(self, kernel: kernels.fullyConnected, arena: arena)
    }
}

/// Sums by a kernel into scratch, then requantized into the output tensor.
final class FullyConnectedStep: Step {
    private let node: FullyConnected
    private let kernel: FullyConnectedKernel
    private let inputOffset: Int
    private let outputOffset: Int
    private let foldedBias: [Int32]
    private let multipliers: [Int32]
    private let shifts: [Int32]
    private let range: ClosedRange<Int32>

    var scratchBytes: Int { node.outputCount * MemoryLayout<Int32>.stride }

    init(_ node: FullyConnected, kernel: FullyConnectedKernel, arena: ArenaPlan) {
        self.node = node
        self.kernel = kernel
        inputOffset = arena.offsets[node.input.index]
        outputOffset = arena.offsets[node.output.index]
        range = node.activation.range(of: node.outputQuantization)
        let bias = (0..<node.outputCount).map { node.bias[$0] }
        foldedBias = [Int32](unsafeUninitializedCapacity: node.outputCount) { folded, count in
            // SAFETY: fold writes each of the outputCount elements, so the array is initialized that far.
            bias.withUnsafeBufferPointer { bias in
                kernel.fold(
                    weights: node.weights.bytes.assumingMemoryBound(to: Int8.self),
                    inputZeroPoint: node.inputQuantization.zeroPoint, bias: bias,
                    into: UnsafeMutableBufferPointer(rebasing: folded[..<node.outputCount]))
            }
            count = node.outputCount
        }
        let factors = node.requantization.map { requantization in
            switch requantization {
            case .twoStep(let multiplier): multiplier
            }
        }
        multipliers = factors.map(\.value)
        shifts = factors.map(\.shift)
    }

    func run(arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        // SAFETY: ArenaPlan keeps `count` bytes for each of the two tensors at its offset, apart from each other because
        // both are alive in this step; scratch holds at least scratchBytes; weights are bytes, which have no alignment.
        let input = UnsafeBufferPointer(
            start: (arena + inputOffset).assumingMemoryBound(to: Int8.self), count: node.inputCount)
        let output = UnsafeMutableBufferPointer(
            start: (arena + outputOffset).assumingMemoryBound(to: Int8.self), count: node.outputCount)
        let sums = UnsafeMutableBufferPointer(
            start: scratch.assumingMemoryBound(to: Int32.self), count: node.outputCount)
        foldedBias.withUnsafeBufferPointer { bias in
            kernel(
                weights: node.weights.bytes.assumingMemoryBound(to: Int8.self), input: input, foldedBias: bias,
                sums: sums)
        }
        multipliers.withUnsafeBufferPointer { multipliers in
            shifts.withUnsafeBufferPointer { shifts in
                Requantize.twoStep(
                    sums: UnsafeBufferPointer(sums), multipliers: multipliers, shifts: shifts,
                    zeroPoint: node.outputQuantization.zeroPoint, range: range, output: output)
            }
        }
    }
}
