internal import Graph
internal import Kernels

extension Addition: Runnable {
    func step(_ context: StepContext) -> Step? {
        guard reuse != .none, arithmetic.runCount == .max, let body = kernel(arithmetic.method),
            let tail = kernel(arithmetic.tail)
        else { return ReferenceStep(self, context) }
        return AdditionStep(self, body, tail, context)
    }

    /// The kernel's words for a contract's; nil where it has none.
    private func kernel(_ method: AdditionArithmetic.Method) -> ByteKernels.Addition? {
        switch method {
        case .fixedPoint(let a, let b, let shift): return .oneShift(a: a, b: b, shift: shift)
        case .float(let a, let b, let offset, let origin):
            return origin == 0 && !subtracts ? .float(a: a, b: b, offset: offset) : nil
        case .twoStep(let a, let b, let sum, let side):
            return .twoStep(
                a: scaling(a, side), b: scaling(b, side),
                sum: .init(left: max(sum.shift, 0), multiplier: sum.value, right: max(-sum.shift, 0), rounding: .away))
        }
    }

    private func scaling(_ multiplier: FixedPointMultiplier, _ side: AdditionArithmetic.Side) -> ByteKernels.Scaling {
        let left = AdditionArithmetic.leftShift
        switch side {
        case .rounded:
            return .init(left: left, multiplier: multiplier.value, right: -multiplier.shift, rounding: .away)
        case .floored:
            return .init(left: left, multiplier: multiplier.value, right: -multiplier.shift, rounding: .floor)
        case .shiftedLess:
            let shift = left + multiplier.shift
            // So small a side adds nothing.
            return .init(left: max(shift, 0), multiplier: shift >= 0 ? multiplier.value : 0, right: 0, rounding: .floor)
        }
    }
}

/// A sum of two tensors of one shape, shared among threads by elements.
final class AdditionStep: Step {
    private let node: Addition
    private let body: ByteKernels.Addition
    private let tail: ByteKernels.Addition
    private let kernels: ByteKernels
    private let count: Int
    private let bodyCount: Int
    private let zeros: ByteKernels.Zeros
    private let a: Int
    private let b: Int
    private let output: Int

    init(_ node: Addition, _ body: ByteKernels.Addition, _ tail: ByteKernels.Addition, _ context: StepContext) {
        self.node = node
        self.body = body
        self.tail = tail
        kernels = context.kernels.bytes
        count = node.broadcast.shape.reduce(1, *)
        bodyCount = body == tail ? count : min(node.arithmetic.bodyCount, count)
        zeros = .init(a: node.a.zeroPoint, b: node.b.zeroPoint, output: node.output.zeroPoint)
        a = context.offset(node.wiring.inputs[0])
        b = context.offset(node.wiring.inputs[1])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { bodyCount / 64 + 1 }
    override var estimate: Int { count / 8 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        add(body, part.range(of: bodyCount, multiple: 64), arena)
        if part.index == 0 { add(tail, bodyCount..<count, arena) }
    }

    private func add(_ how: ByteKernels.Addition, _ elements: Range<Int>, _ arena: UnsafeMutableRawPointer) {
        guard !elements.isEmpty else { return }
        let first = elements.lowerBound
        kernels.add(
            how, zeros, subtracts: node.subtracts, range: node.clamp, arena + a + first, arena + b + first,
            arena + output + first, count: elements.count)
    }
}
