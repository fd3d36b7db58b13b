package import Graph
package import Kernels

/// Runs one plan, again and again, in memory taken once.
///
/// Not Sendable: one inference at a time; whoever shares a session puts an actor around it.
package final class Session {
    package let plan: Plan
    package let kernels: KernelSet
    /// Elements of all inputs, and of all outputs, of the plan together.
    package let inputCount: Int
    package let outputCount: Int
    /// Tensors and scratch.
    package let arenaBytes: Int

    private let owner: AnyObject
    private let steps: [any Step]
    // SAFETY: arenaBytes long, taken in init and given back in deinit; only this session's methods see it.
    private let arena: UnsafeMutableRawPointer
    private let scratch: UnsafeMutableRawPointer
    private let inputs: [Place]
    private let outputs: [Place]

    // Arrays are walked by index in what runs per inference: unoptimized, an iterator allocates for each element.

    /// Where a tensor lies in the arena, and where in the caller's buffer.
    private struct Place {
        var arenaOffset: Int
        var bufferOffset: Int
        var count: Int
        var quantization: Quantization

        var bufferRange: Range<Int> { bufferOffset..<bufferOffset + count }
    }

    /// - Parameter owner: keeps the plan's bytes alive: the object that holds the mapping.
    /// - Parameter kernels: the best of this CPU unless a test or a benchmark asks for others.
    /// - Throws: when an operator has no kernel.
    package init(plan: Plan, keeping owner: AnyObject, kernels: KernelSet = .best) throws(RuntimeError) {
        self.plan = plan
        self.owner = owner
        self.kernels = kernels
        inputCount = plan.inputCount
        outputCount = plan.outputCount
        let layout = ArenaPlan(plan)
        var steps: [any Step] = []
        for node in plan.operators {
            guard let runnable = node as? any Runnable else { throw .noKernel(operator: type(of: node).name) }
            steps.append(runnable.step(kernels: kernels, arena: layout))
        }
        self.steps = steps
        inputs = Self.places(plan.inputIDs, plan, layout)
        outputs = Self.places(plan.outputIDs, plan, layout)
        let scratchBytes = steps.map(\.scratchBytes).max() ?? 0
        arenaBytes = layout.bytes + scratchBytes
        arena = .allocate(byteCount: arenaBytes, alignment: ArenaPlan.alignment)
        arena.initializeMemory(as: UInt8.self, repeating: 0, count: arenaBytes)
        scratch = arena + layout.bytes
    }

    deinit { arena.deallocate() }

    private static func places(_ ids: [TensorID], _ plan: Plan, _ layout: ArenaPlan) -> [Place] {
        var offset = 0
        return ids.map { id in
            let tensor = plan.tensors[id.index]
            defer { offset += tensor.elementCount }
            return Place(
                arenaOffset: layout.offsets[id.index], bufferOffset: offset, count: tensor.elementCount,
                quantization: tensor.quantization)
        }
    }

    /// One inference on int8 values. Allocates nothing.
    ///
    /// - Parameter input: all inputs of the plan, one after the other.
    /// - Parameter output: receives all outputs, one after the other.
    /// - Throws: where a buffer has the wrong size.
    package func run(quantized input: UnsafeBufferPointer<Int8>, output: UnsafeMutableBufferPointer<Int8>)
        throws(RuntimeError)
    {
        try check(input.count, output.count)
        for number in inputs.indices {
            let place = inputs[number]
            let part = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(input)[place.bufferRange])
            bytes(of: place).copyMemory(from: part)
        }
        runSteps()
        for number in outputs.indices {
            let place = outputs[number]
            let part = UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(output)[place.bufferRange])
            part.copyMemory(from: UnsafeRawBufferPointer(bytes(of: place)))
        }
    }

    /// One inference on real values. Allocates nothing.
    ///
    /// - Quantization: in, `x / scale` is rounded half to even, the zero point added, and the result saturates at
    ///   -128...127; out, `scale * (q - zeroPoint)`.
    /// - Throws: for an input that is NaN or infinite, and where a buffer has the wrong size; `output` is then as it was.
    package func run(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>)
        throws(RuntimeError)
    {
        try check(input.count, output.count)
        for number in inputs.indices {
            let place = inputs[number]
            let target = bytes(of: place)
            for index in 0..<place.count {
                let value = input[place.bufferOffset + index]
                guard value.isFinite else { throw .notFinite(element: place.bufferOffset + index) }
                target[index] = UInt8(bitPattern: Self.quantize(value, place.quantization))
            }
        }
        runSteps()
        for number in outputs.indices {
            let place = outputs[number]
            let source = bytes(of: place)
            for index in 0..<place.count {
                let value = Int32(Int8(bitPattern: source[index])) - place.quantization.zeroPoint
                output[place.bufferOffset + index] = place.quantization.scale * Float(value)
            }
        }
    }

    /// Runs the plan's golden inputs on the kernels of this session and compares bit for bit.
    /// - Throws: which element of which case differs, or that there is no receipt.
    package func proveReceipt() throws(RuntimeError) {
        guard let receipt = plan.receipt else { throw .noReceipt }
        let result = UnsafeMutableBufferPointer<Int8>.allocate(capacity: outputCount)
        defer { result.deallocate() }
        result.initialize(repeating: 0)
        for (index, golden) in receipt.cases.enumerated() {
            // A closure would lose the typed throw.
            try golden.input.withUnsafeBufferPointer { input in
                Result { () throws(RuntimeError) in try run(quantized: input, output: result) }
            }.get()
            for (element, expected) in golden.output.enumerated() where result[element] != expected {
                throw .receiptDiffers(
                    case: index, element: element, expected: expected, found: result[element],
                    isa: kernels.fullyConnected.isa)
            }
        }
    }

    /// `x / scale` rounded half to even, zero point added, saturated.
    /// - Parameter value: finite.
    package static func quantize(_ value: Float, _ quantization: Quantization) -> Int8 {
        // Within ±2^10 before it is made an integer: whatever is beyond saturates anyway, and the quotient may be infinite.
        let steps = (value / quantization.scale).rounded(.toNearestOrEven)
        let shifted = Int32(min(max(steps, -1_024), 1_024)) + quantization.zeroPoint
        return Int8(clamping: shifted)
    }

    private func check(_ input: Int, _ output: Int) throws(RuntimeError) {
        guard input == inputCount else { throw .wrongSize(what: "input", expected: inputCount, found: input) }
        guard output == outputCount else { throw .wrongSize(what: "output", expected: outputCount, found: output) }
    }

    private func runSteps() {
        for number in steps.indices { steps[number].run(arena: arena, scratch: scratch) }
    }

    private func bytes(of place: Place) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: arena + place.arenaOffset, count: place.count)
    }
}
