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
    /// Inferences that the accelerator has computed, and those that the CPU has.
    package private(set) var accelerated = 0
    package private(set) var takenOver = 0
    /// Of the accelerator's last inference.
    package private(set) var lastTiming: AcceleratorTiming?
    /// What the library says of itself; nil while none is open.
    package var library: AcceleratorLibrary? { accelerator?.library }

    private let open: () throws(AcceleratorError) -> any Accelerator
    private var accelerator: (any Accelerator)?
    private let policy: Policy
    private let allowance: AnswerAllowance
    private var transfer: TensorTransfer?
    private var input = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)
    private var output = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)
    /// The plan's own inputs and outputs, for inferences on real numbers.
    private let own: (input: UnsafeMutableRawBufferPointer, output: UnsafeMutableRawBufferPointer)

    /// - Parameter allowance: how far the answers to the plan's golden inputs may be off; none unless the chip's own
    ///   simulator is known to differ from the plan.
    /// - Parameter open: opens the vendor's library, when a model is loaded.
    package init(
        session: Session, policy: Policy, allowance: AnswerAllowance = .none,
        open: @escaping () throws(AcceleratorError) -> any Accelerator
    ) {
        self.session = session
        self.policy = policy
        self.allowance = allowance
        self.open = open
        own = (
            .allocate(byteCount: session.inputBytes, alignment: 64),
            .allocate(byteCount: session.outputBytes, alignment: 64)
        )
    }

    /// With a library that is open already.
    package convenience init(
        session: Session, accelerator: any Accelerator, policy: Policy, allowance: AnswerAllowance = .none
    ) {
        self.init(session: session, policy: policy, allowance: allowance) { () throws(AcceleratorError) in accelerator }
    }

    deinit {
        accelerator?.unload()
        for buffer in [input, output, own.input, own.output] { buffer.deallocate() }
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
            if accelerator == nil { accelerator = try open() }
            guard let accelerator else { throw .notReady(needs: "an open library") }
            try accelerator.load(model, placement: placement)
            transfer = try TensorTransfer(plan: session.plan, accelerator)
            input.deallocate()
            output.deallocate()
            input = .allocate(byteCount: accelerator.inputBytes, alignment: 64)
            output = .allocate(byteCount: accelerator.outputBytes, alignment: 64)
            try accelerator.bind(input: UnsafeRawBufferPointer(input), output: output)
            try prove(accelerator)
        } catch {
            unload()
            try giveUp(error)
        }
    }

    /// Frees the vendor's model; what comes then is the CPU's.
    package func unload() {
        accelerator?.unload()
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
        if let transfer, let accelerator {
            do throws(AcceleratorError) {
                let timing = try infer(transfer, accelerator, input, output)
                accelerated += 1
                lastTiming = timing
                return .accelerator(timing)
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
        _ transfer: TensorTransfer, _ accelerator: any Accelerator, _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) throws(AcceleratorError) -> AcceleratorTiming {
        transfer.copyInputs(from: input, to: self.input)
        let timing = try accelerator.run()
        transfer.copyOutputs(from: UnsafeRawBufferPointer(self.output), to: output)
        return timing
    }

    /// Leaves it to the CPU from now on. The vendor's model is freed by ``unload()`` or ``load(_:placement:)`` only: that
    /// may take its time, and whoever waits for an inference does not wait for it.
    ///
    /// - Throws: the reason, where the policy refuses that.
    package func giveUp(_ error: AcceleratorError) throws(AcceleratorError) {
        transfer = nil
        reason = error
        if policy == .refused { throw error }
    }

    private func prove(_ accelerator: any Accelerator) throws(AcceleratorError) {
        guard let transfer, let receipt = session.plan.receipt else { throw .noReceipt }
        for (index, golden) in receipt.cases.enumerated() {
            own.input.copyBytes(from: golden.input)
            _ = try infer(transfer, accelerator, UnsafeRawBufferPointer(own.input), own.output)
            let difference = AnswerDifference(
                session.plan.outputs, expected: golden.output, found: UnsafeRawBufferPointer(own.output))
            guard allowance.allows(difference) else {
                throw .wrongAnswer(case: index, difference: difference, allowed: allowance)
            }
        }
    }
}

extension AcceleratedSession: Inference {
    // SAFETY: the plan's own buffers are as long as its tensors together, and the caller's are compared with their counts.
    package func infer(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>)
        throws(InferenceError)
    {
        guard input.count == session.inputCount else {
            throw .runtime(.wrongSize(what: "input", expected: session.inputCount, found: input.count))
        }
        guard output.count == session.outputCount else {
            throw .runtime(.wrongSize(what: "output", expected: session.outputCount, found: output.count))
        }
        try quantize(input)
        do {
            _ = try run(bytes: UnsafeRawBufferPointer(own.input), output: own.output)
        } catch let error as AcceleratorError {
            throw .accelerator(error)
        } catch let error as RuntimeError {
            throw .runtime(error)
        } catch { throw .accelerator(.host(call: "inference", reason: "\(error)")) }
        dequantize(into: output)
    }

    private func quantize(_ input: UnsafeBufferPointer<Float>) throws(InferenceError) {
        var element = 0
        var offset = 0
        for tensor in session.plan.inputs {
            guard let start = own.input.baseAddress else { return }
            for index in 0..<tensor.elementCount {
                let value = input[element + index]
                guard value.isFinite else { throw .runtime(.notFinite(element: element + index)) }
                RealTensor.store(value, tensor.type, tensor.quantization, in: start + offset, at: index)
            }
            flip(tensor, own.input, offset)
            element += tensor.elementCount
            offset += tensor.byteCount
        }
    }

    private func dequantize(into output: UnsafeMutableBufferPointer<Float>) {
        var element = 0
        var offset = 0
        for tensor in session.plan.outputs {
            guard let start = own.output.baseAddress else { return }
            flip(tensor, own.output, offset)
            for index in 0..<tensor.elementCount {
                output[element + index] = RealTensor.load(
                    tensor.type, tensor.quantization, from: start + offset, at: index)
            }
            element += tensor.elementCount
            offset += tensor.byteCount
        }
    }

    /// The world outside sees some tensors as uint8.
    private func flip(_ tensor: Tensor, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
        guard tensor.isPresentedUnsigned else { return }
        for index in offset..<offset + tensor.byteCount { bytes[index] ^= 0x80 }
    }
}
