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
    /// The same in bytes.
    package let inputBytes: Int
    package let outputBytes: Int
    /// Tensors, constant operands, and scratch of all threads.
    package let arenaBytes: Int
    /// Tensors alone, and the least that any arrangement of them would take.
    package let tensorBytes: Int
    package let tensorLowerBound: Int
    /// Threads that share an inference, the caller included.
    package var threads: Int { pool?.threads ?? 1 }

    private let owner: AnyObject
    private let steps: [Step]
    /// The operator of each step.
    private let operatorOfStep: [Int]
    /// Where each tensor lies in the arena.
    private let offsets: [Int]
    private let pool: WorkerPool?
    private let memory: Arena
    // SAFETY: `memory`, arenaBytes long; only this session's methods see it.
    private let arena: UnsafeMutableRawPointer
    private let scratch: UnsafeMutableRawPointer
    private let scratchBytes: Int
    private let sharesFrom: Int
    private let inputs: [Place]
    private let outputs: [Place]

    // Arrays are walked by index in what runs per inference: unoptimized, an iterator allocates for each element.

    /// A step that takes less than this, in nanoseconds, is not shared: handing it out costs about a microsecond.
    private static let worthSharing = 12_000
    /// A kernel may read a few bytes behind a tensor.
    private static let slack = 64

    /// Where a tensor lies in the arena, and where in the caller's buffer.
    private struct Place {
        var arenaOffset: Int
        var elementOffset: Int
        var byteOffset: Int
        var count: Int
        var byteCount: Int
        var type: TensorType
        var quantization: Quantization
        /// What the top bit of each byte is combined with on its way in and out.
        var flip: UInt8
    }

    /// - Parameter owner: keeps the plan's bytes alive: the object that holds the mapping.
    /// - Parameter kernels: the best of this CPU unless a test or a benchmark asks for others.
    /// - Parameter threads: the caller included; 1...64.
    /// - Parameter isSharingAll: hands out the smallest step too, which is slower, and a test of the division.
    /// - Throws: when an operator has no kernel, or the system gives no threads.
    package init(
        plan: Plan, keeping owner: AnyObject, kernels: KernelSet = .best, threads: Int = 1,
        isSharingAll: Bool = false
    ) throws(RuntimeError) {
        self.plan = plan
        self.owner = owner
        self.kernels = kernels
        sharesFrom = isSharingAll ? 0 : Self.worthSharing
        inputCount = plan.inputCount
        outputCount = plan.outputCount
        inputBytes = plan.inputBytes
        outputBytes = plan.outputBytes
        let layout = ArenaPlan(plan)
        guard (1...64).contains(threads) else { throw .threads(threads) }
        let context = StepContext(
            plan: plan, kernels: kernels, arena: layout, caches: kernels.caches.share(threads: threads))
        var steps: [Step] = []
        var numbers: [Int] = []
        for (number, node) in plan.operators.enumerated() {
            guard let runnable = Runnables.runnable(node) else { throw .noKernel(operator: type(of: node).name) }
            if let step = runnable.step(context) {
                steps.append(step)
                numbers.append(number)
            }
        }
        self.steps = steps
        operatorOfStep = numbers
        offsets = layout.offsets
        if threads > 1 {
            guard let made = WorkerPool(threads: threads) else { throw .threads(threads) }
            pool = made
        } else {
            pool = nil
        }
        inputs = Self.places(plan.inputIDs, plan, layout)
        outputs = Self.places(plan.outputIDs, plan, layout)
        tensorBytes = layout.bytes
        tensorLowerBound = layout.lowerBound
        scratchBytes = ArenaPlan.aligned(steps.map(\.scratchBytes).max() ?? 0) + Self.slack
        let tensors = layout.bytes + layout.constantBytes + Self.slack
        arenaBytes = tensors + threads * scratchBytes
        guard let memory = Arena(bytes: arenaBytes) else { throw .noMemory(bytes: arenaBytes) }
        self.memory = memory
        arena = memory.start
        scratch = arena + tensors
        for (tensor, offset) in layout.constants {
            guard let constant = plan.tensors[tensor].constant else { continue }
            UnsafeMutableRawBufferPointer(start: arena + offset, count: constant.count).copyMemory(from: constant.bytes)
        }
    }

    private static func places(_ ids: [TensorID], _ plan: Plan, _ layout: ArenaPlan) -> [Place] {
        var elements = 0
        var bytes = 0
        return ids.map { id in
            let tensor = plan.tensors[id.index]
            defer {
                elements += tensor.elementCount
                bytes += tensor.byteCount
            }
            return Place(
                arenaOffset: layout.offsets[id.index], elementOffset: elements, byteOffset: bytes,
                count: tensor.elementCount, byteCount: tensor.byteCount, type: tensor.type,
                quantization: tensor.quantization, flip: tensor.isPresentedUnsigned ? 0x80 : 0)
        }
    }

    /// One inference on the tensors' own types. Allocates nothing.
    ///
    /// - Parameter input: the bytes of all inputs of the plan, one after the other, as the world outside sees them.
    /// - Parameter output: receives all outputs, one after the other.
    /// - Throws: where a buffer has the wrong size.
    // SAFETY: places lie within inputBytes and outputBytes, which both buffers are checked to have.
    package func run(bytes input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(RuntimeError) {
        guard input.count == inputBytes else {
            throw .wrongSize(what: "bytes of input", expected: inputBytes, found: input.count)
        }
        guard output.count == outputBytes else {
            throw .wrongSize(what: "bytes of output", expected: outputBytes, found: output.count)
        }
        guard let from = input.baseAddress, let to = output.baseAddress else { return }
        for number in inputs.indices {
            let place = inputs[number]
            Self.copy(from + place.byteOffset, to: arena + place.arenaOffset, place)
        }
        runSteps()
        for number in outputs.indices {
            let place = outputs[number]
            Self.copy(arena + place.arenaOffset, to: to + place.byteOffset, place)
        }
    }

    /// One inference whose every tensor is shown as soon as it is there; later ones may take its place.
    ///
    /// - Parameter input: as for ``run(bytes:output:)``.
    /// - Parameter show: the operator's number, the tensor, and its bytes as plans store them, for as long as the call
    ///   lasts. Operators that compute nothing are not shown.
    /// - Throws: where the input has the wrong size.
    // SAFETY: a tensor's bytes lie at its offset of the arena, which only this method's steps write.
    package func run(bytes input: UnsafeRawBufferPointer, show: (Int, Tensor, UnsafeRawBufferPointer) -> Void)
        throws(RuntimeError)
    {
        guard input.count == inputBytes, let from = input.baseAddress else {
            throw .wrongSize(what: "bytes of input", expected: inputBytes, found: input.count)
        }
        for place in inputs { Self.copy(from + place.byteOffset, to: arena + place.arenaOffset, place) }
        for (number, step) in steps.enumerated() {
            step.run(.whole, arena: arena, scratch: scratch)
            let index = operatorOfStep[number]
            for id in plan.operators[index].outputs {
                let tensor = plan.tensors[id.index]
                show(index, tensor, UnsafeRawBufferPointer(start: arena + offsets[id.index], count: tensor.byteCount))
            }
        }
    }

    private static func copy(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer, _ place: Place) {
        guard place.flip != 0 else {
            to.copyMemory(from: from, byteCount: place.byteCount)
            return
        }
        SignFlip.copy(from, to: to, count: place.byteCount)
    }

    /// One inference on int8 values. Allocates nothing.
    ///
    /// - Parameter input: all inputs of the plan, one after the other; int8 each.
    /// - Parameter output: receives all outputs, one after the other.
    /// - Throws: where a buffer has the wrong size.
    package func run(quantized input: UnsafeBufferPointer<Int8>, output: UnsafeMutableBufferPointer<Int8>)
        throws(RuntimeError)
    {
        try run(bytes: UnsafeRawBufferPointer(input), output: UnsafeMutableRawBufferPointer(output))
    }

    /// One inference on real values. Allocates nothing.
    ///
    /// - Quantization: in, `x / scale` is rounded half to even, the zero point added, and the result saturates at
    ///   -128...127; out, `scale * (q - zeroPoint)`.
    /// - Throws: for an input that is NaN or infinite, and where a buffer has the wrong size; `output` is then as it was.
    package func run(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>)
        throws(RuntimeError)
    {
        guard input.count == inputCount else {
            throw .wrongSize(what: "input", expected: inputCount, found: input.count)
        }
        guard output.count == outputCount else {
            throw .wrongSize(what: "output", expected: outputCount, found: output.count)
        }
        for number in inputs.indices { try write(input, inputs[number]) }
        runSteps()
        for number in outputs.indices { read(outputs[number], output) }
    }

    private func write(_ input: UnsafeBufferPointer<Float>, _ place: Place) throws(RuntimeError) {
        for index in 0..<place.count {
            let value = input[place.elementOffset + index]
            guard value.isFinite else { throw .notFinite(element: place.elementOffset + index) }
            RealTensor.store(value, place.type, place.quantization, in: arena + place.arenaOffset, at: index)
        }
    }

    private func read(_ place: Place, _ output: UnsafeMutableBufferPointer<Float>) {
        let source = arena + place.arenaOffset
        for index in 0..<place.count {
            output[place.elementOffset + index] = RealTensor.load(
                place.type, place.quantization, from: source, at: index)
        }
    }

    /// Runs the plan's golden inputs on the kernels of this session and compares bit for bit.
    /// - Throws: which element of which case differs, or that there is no receipt.
    package func proveReceipt() throws(RuntimeError) {
        guard let receipt = plan.receipt else { throw .noReceipt }
        let result = UnsafeMutableRawBufferPointer.allocate(byteCount: outputBytes, alignment: 4)
        defer { result.deallocate() }
        for (index, golden) in receipt.cases.enumerated() {
            // A closure would lose the typed throw.
            try golden.input.withUnsafeBytes { input in
                Result { () throws(RuntimeError) in try run(bytes: input, output: result) }
            }.get()
            for (byte, expected) in golden.output.enumerated() where result[byte] != expected {
                throw .receiptDiffers(
                    case: index, byte: byte, expected: expected, found: result[byte], isa: kernels.isa)
            }
        }
    }

    private func runSteps() {
        for number in steps.indices {
            let step = steps[number]
            if let pool, step.divisions > 1, step.estimate >= sharesFrom {
                pool.run(step, arena: arena, scratch: scratch, scratchBytes: scratchBytes)
            } else {
                step.run(.whole, arena: arena, scratch: scratch)
            }
        }
    }
}

/// uint8 and int8 tell the same numbers apart by the top bit.
enum SignFlip {
    // SAFETY: reads and writes `count` bytes of each, as the caller says there are.
    static func copy(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer, count: Int) {
        var index = 0
        while index + 8 <= count {
            let word = from.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ 0x8080_8080_8080_8080
            to.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < count {
            to.storeBytes(
                of: from.load(fromByteOffset: index, as: UInt8.self) ^ 0x80, toByteOffset: index, as: UInt8.self)
            index += 1
        }
    }
}
