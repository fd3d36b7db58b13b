internal import Graph
internal import Kernels

extension Multiplication: Runnable {
    func step(_ context: StepContext) -> Step? {
        let kernel = PairKernel(
            PairKernel.Multiplication(arithmetic),
            .init(a: a.zeroPoint, b: b.zeroPoint, output: output.zeroPoint), range: clamp,
            kernels: context.kernels.bytes)
        return PairStep(wiring, broadcast, kernel, tail: nil, context)
    }
}

extension PairKernel.Multiplication {
    /// The kernel's words for a contract's.
    init(_ arithmetic: MultiplicationArithmetic) {
        switch arithmetic {
        case .float(let scale): self = .float(scale: scale)
        case .twoStep(let multiplier): self = .fixedPoint(.init(multiplier, .away))
        case .zeroPointFirst(let scale, let origin): self = .zeroPointFirst(scale: scale, origin: origin)
        }
    }
}

extension Extremum: Runnable {
    func step(_ context: StepContext) -> Step? {
        let kernel = PairKernel(isMaximum: isMaximum, kernels: context.kernels.bytes)
        return PairStep(wiring, broadcast, kernel, tail: nil, context)
    }
}
