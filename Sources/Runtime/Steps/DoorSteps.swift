internal import Graph
internal import Kernels

extension Quantize: Runnable {
    func step(_ context: StepContext) -> Step? { QuantizeStep(self, context) }
}

/// Real numbers to int8, shared among threads by elements.
final class QuantizeStep: Step {
    private let node: Quantize
    private let body: ByteKernels.Quantizing
    private let kernels: ByteKernels
    private let count: Int
    /// Elements that the kernel takes; what is behind them is few and rounded another way.
    private let bodyCount: Int
    private let input: Int
    private let output: Int

    init(_ node: Quantize, _ context: StepContext) {
        self.node = node
        kernels = context.kernels.bytes
        count = context.plan.tensors[node.wiring.inputs[0].index].elementCount
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        let arithmetic = node.arithmetic
        let scale = node.quantization.scale
        switch arithmetic.method {
        case .multiplyEven: (body, bodyCount) = (.multiply(inverse: 1 / scale), arithmetic.bodyCount(of: count))
        case .divideEven: (body, bodyCount) = (.divide(scale: scale), arithmetic.bodyCount(of: count))
        // In double precision, as no kernel does: element by element.
        case .divideAway: (body, bodyCount) = (.divide(scale: scale), 0)
        }
    }

    override var divisions: Int { bodyCount / 64 + 1 }
    override var estimate: Int { bodyCount / 4 + (count - bodyCount) * 2 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let from = (arena + input).assumingMemoryBound(to: Float.self)
        let to = (arena + output).assumingMemoryBound(to: Int8.self)
        let mine = part.range(of: bodyCount, multiple: 64)
        kernels.quantize(
            body, zeroPoint: node.quantization.zeroPoint, from + mine.lowerBound, to + mine.lowerBound,
            count: mine.count)
        guard part.index == 0 else { return }
        let (arithmetic, quantization) = (node.arithmetic, node.quantization)
        let body = arithmetic.bodyCount(of: count)
        for index in bodyCount..<count { to[index] = arithmetic(from[index], quantization, isTail: index >= body) }
    }
}

extension Dequantize: Runnable {
    func step(_ context: StepContext) -> Step? { DequantizeStep(self, context) }
}

/// int8 to real numbers, shared among threads by elements.
final class DequantizeStep: Step {
    private let node: Dequantize
    private let kernels: ByteKernels
    private let count: Int
    /// Elements before those that are computed another way.
    private let bodyCount: Int
    private let input: Int
    private let output: Int

    init(_ node: Dequantize, _ context: StepContext) {
        self.node = node
        kernels = context.kernels.bytes
        count = context.plan.tensors[node.wiring.inputs[0].index].elementCount
        bodyCount = node.arithmetic.bodyCount(of: count)
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { bodyCount / 64 + 1 }
    override var estimate: Int { count / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        dequantize(node.arithmetic.method, part.range(of: bodyCount, multiple: 64), arena)
        if part.index == 0 { dequantize(node.arithmetic.tail, bodyCount..<count, arena) }
    }

    private func dequantize(
        _ method: DequantizingArithmetic.Method, _ elements: Range<Int>, _ arena: UnsafeMutableRawPointer
    ) {
        let (zeroPoint, scale) = (node.quantization.zeroPoint, node.quantization.scale)
        let (taken, offset): (Int32, Float) =
            switch method {
            case .subtractFirst: (zeroPoint, 0)
            case .addLast(let origin): (-origin, -Float(zeroPoint + origin) * scale)
            }
        let first = elements.lowerBound
        kernels.dequantize(
            zeroPoint: taken, scale: scale, offset: offset,
            (arena + input).assumingMemoryBound(to: Int8.self) + first,
            (arena + output).assumingMemoryBound(to: Float.self) + first, count: elements.count)
    }
}
