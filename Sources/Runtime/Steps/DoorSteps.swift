internal import Graph

extension Quantize: Runnable {
    func step(_ context: StepContext) -> Step? { QuantizeStep(self, context) }
}

/// Real numbers to int8, element by element.
final class QuantizeStep: Step {
    private let node: Quantize
    private let count: Int
    private let input: Int
    private let output: Int

    init(_ node: Quantize, _ context: StepContext) {
        self.node = node
        count = context.plan.tensors[node.wiring.inputs[0].index].elementCount
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { count }
    override var estimate: Int { count * 2 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let from = (arena + input).assumingMemoryBound(to: Float.self)
        let to = (arena + output).assumingMemoryBound(to: Int8.self)
        let (arithmetic, quantization) = (node.arithmetic, node.quantization)
        let body = arithmetic.bodyCount(of: count)
        for index in part.range(of: count) { to[index] = arithmetic(from[index], quantization, isTail: index >= body) }
    }
}

extension Dequantize: Runnable {
    func step(_ context: StepContext) -> Step? { DequantizeStep(self, context) }
}

/// int8 to real numbers, element by element.
final class DequantizeStep: Step {
    private let node: Dequantize
    private let count: Int
    private let input: Int
    private let output: Int

    init(_ node: Dequantize, _ context: StepContext) {
        self.node = node
        count = context.plan.tensors[node.wiring.inputs[0].index].elementCount
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let from = (arena + input).assumingMemoryBound(to: Int8.self)
        let to = (arena + output).assumingMemoryBound(to: Float.self)
        let (arithmetic, quantization) = (node.arithmetic, node.quantization)
        let body = arithmetic.bodyCount(of: count)
        for index in 0..<count { to[index] = arithmetic(from[index], quantization, isTail: index >= body) }
    }
}
