internal import Graph
internal import Kernels

extension Addition: Runnable {
    func step(_ context: StepContext) -> Step? {
        let zeros = PairKernel.Zeros(a: a.zeroPoint, b: b.zeroPoint, output: output.zeroPoint)
        let kernel = { (method: AdditionArithmetic.Method) in
            PairKernel(
                PairKernel.Addition(method), zeros, subtracts: subtracts, range: clamp, kernels: context.kernels.bytes)
        }
        let hasTail = arithmetic.tail != arithmetic.method && arithmetic.bodyCount < arithmetic.runCount
        return PairStep(
            wiring, broadcast, kernel(arithmetic.method),
            tail: hasTail
                ? .init(kernel: kernel(arithmetic.tail), runCount: arithmetic.runCount, bodyCount: arithmetic.bodyCount)
                : nil, context)
    }
}

extension PairKernel.Addition {
    /// The kernel's words for a contract's.
    init(_ method: AdditionArithmetic.Method) {
        switch method {
        case .fixedPoint(let a, let b, let shift): self = .oneShift(a: a, b: b, shift: shift)
        case .float(let a, let b, let offset, let origin): self = .float(a: a, b: b, offset: offset, origin: origin)
        case .realNumbers(let a, let b): self = .realNumbers(a: a, b: b)
        case .separate(let a, let b):
            self = .separate(
                a: .init(multiplier: a.multiplier, shift: a.shift), b: .init(multiplier: b.multiplier, shift: b.shift))
        case .twoStep(let a, let b, let sum, let side):
            self = .twoStep(a: .init(a, side), b: .init(b, side), sum: .init(sum, .away))
        }
    }
}

extension PairKernel.Scaling {
    /// As ``FixedPointMultiplier/scale(_:ties:)``.
    init(_ multiplier: FixedPointMultiplier, _ ties: Requantization.Ties) {
        self.init(
            left: max(multiplier.shift, 0), multiplier: multiplier.value, right: max(-multiplier.shift, 0),
            rounding: ties == .away ? .away : .up)
    }

    /// As ``AdditionArithmetic/Side/scale(_:_:)``.
    fileprivate init(_ multiplier: FixedPointMultiplier, _ side: AdditionArithmetic.Side) {
        let left = AdditionArithmetic.leftShift
        switch side {
        case .rounded:
            self.init(left: left, multiplier: multiplier.value, right: -multiplier.shift, rounding: .away)
        case .floored:
            self.init(left: left, multiplier: multiplier.value, right: -multiplier.shift, rounding: .floor)
        case .shiftedLess:
            let shift = left + multiplier.shift
            // So small a side adds nothing.
            self.init(
                left: max(shift, 0), multiplier: shift >= 0 ? multiplier.value : 0, right: 0, rounding: .floor)
        }
    }
}
