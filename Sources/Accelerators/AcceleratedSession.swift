import Graph
package import Runtime

/// A plan that runs on an accelerator when that proves right, and else, where the integrator allows it, on the CPU by the
/// same contract.
///
/// Not Sendable, as ``Session``.
// SAFETY: the two buffers are as long as the accelerator's tensors together and live as long as this object, which keeps
// the accelerator bound to them; the caller's buffers are compared with the plan's sizes first.
package final class AcceleratedSession {
    /// Whether the CPU may compute what the accelerator did not.
    package enum Policy: String, Hashable, Sendable, CaseIterable {
        case cpuTakesOver, refused
    }

    /// Who computed an inference.
    package enum Runner: Hashable, Sendable {
        case accelerator(AcceleratorTiming)
        case cpu
    }

    /// The plan on the CPU.
    package let session: Session
    /// Why the accelerator does not compute; nil while it does. It is set once for each failure, not for each inference.
    package private(set) var reason: AcceleratorError?
    /// Inferences that the CPU has computed.
    package private(set) var takenOver = 0

    private let accelerator: any Accelerator
    private let policy: Policy
    private let allowedDifference: Int
    private var transfer: TensorTransfer?
    private var input = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)
    private var output = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)

    /// - Parameter allowedDifference: bytes of a golden case's output that may differ; 0 unless the chip's own simulator is
    ///   known to differ from the chip.
    package init(
        session: Session, accelerator: any Accelerator, policy: Policy, allowedDifference: Int = 0
    ) {
        self.session = session
        self.accelerator = accelerator
        self.policy = policy
        self.allowedDifference = allowedDifference
    }

    deinit {
        accelerator.unload()
        input.deallocate()
        output.deallocate()
    }

    /// Loads the vendor's model, compares its tensors with the plan's, and proves it on the plan's receipt; also how an
    /// accelerator that has failed is taken back.
    ///
    /// - Parameter model: alive until ``unload()``.
    /// - Throws: what failed, where the policy refuses the CPU; else it is in ``reason``.
    package func load(_ model: UnsafeRawBufferPointer, placement: AcceleratorPlacement = AcceleratorPlacement())
        throws(AcceleratorError)
    {
        unload()
        reason = nil
        do throws(AcceleratorError) {
            try accelerator.load(model, placement: placement)
            transfer = try TensorTransfer(plan: session.plan, accelerator)
            input.deallocate()
            output.deallocate()
            input = .allocate(byteCount: accelerator.inputBytes, alignment: 64)
            output = .allocate(byteCount: accelerator.outputBytes, alignment: 64)
            try accelerator.bind(input: UnsafeRawBufferPointer(input), output: output)
            try prove()
        } catch {
            try giveUp(error)
        }
    }

    /// Frees the vendor's model; what comes then is the CPU's.
    package func unload() {
        accelerator.unload()
        transfer = nil
    }

    /// One inference on the tensors' own types.
    ///
    /// - Parameter input: bytes of all inputs of the plan, one after the other.
    /// - Parameter output: receives all outputs.
    /// - Throws: ``AcceleratorError`` where the policy refuses the CPU, ``RuntimeError`` for buffers of another size.
    package func run(bytes input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws -> Runner {
        guard input.count == session.inputBytes else {
            throw RuntimeError.wrongSize(what: "bytes of input", expected: session.inputBytes, found: input.count)
        }
        guard output.count == session.outputBytes else {
            throw RuntimeError.wrongSize(what: "bytes of output", expected: session.outputBytes, found: output.count)
        }
        if let transfer {
            do throws(AcceleratorError) {
                return .accelerator(try infer(transfer, input, output))
            } catch {
                try giveUp(error)
            }
        } else if policy == .refused {
            throw reason ?? AcceleratorError.notReady(needs: "a loaded model")
        }
        try session.run(bytes: input, output: output)
        takenOver += 1
        return .cpu
    }

    private func infer(
        _ transfer: TensorTransfer, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(AcceleratorError) -> AcceleratorTiming {
        transfer.copyInputs(from: input, to: self.input)
        let timing = try accelerator.run()
        transfer.copyOutputs(from: UnsafeRawBufferPointer(self.output), to: output)
        return timing
    }

    private func giveUp(_ error: AcceleratorError) throws(AcceleratorError) {
        unload()
        reason = error
        if policy == .refused { throw error }
    }

    private func prove() throws(AcceleratorError) {
        guard let transfer, let receipt = session.plan.receipt else { throw .noReceipt }
        let result = UnsafeMutableRawBufferPointer.allocate(byteCount: session.outputBytes, alignment: 64)
        defer { result.deallocate() }
        for (index, golden) in receipt.cases.enumerated() {
            // Not withUnsafeBytes: a closure would lose the typed throw.
            let given = UnsafeMutableRawBufferPointer.allocate(byteCount: golden.input.count, alignment: 64)
            defer { given.deallocate() }
            given.copyBytes(from: golden.input)
            _ = try infer(transfer, UnsafeRawBufferPointer(given), result)
            let differing = golden.output.indices.filter { result[$0] != golden.output[$0] }
            if let first = differing.first, differing.count > allowedDifference {
                throw .wrongAnswer(
                    case: index, firstElement: first, expected: Int(golden.output[first]), found: Int(result[first]),
                    differing: differing.count, allowed: allowedDifference)
            }
        }
    }
}
