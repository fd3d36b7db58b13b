import CAllocationCounter
import Graph
import Kernels
import Runtime
import Seeded
import Testing

@Suite("operators: kernels against the reference arithmetic")
struct OperatorTests {
    /// Bytes that are no NaN where they are read as real numbers.
    private static func input(_ plan: Plan, _ random: inout SplitMix64) -> [UInt8] {
        plan.inputs.flatMap { tensor -> [UInt8] in
            guard tensor.type == .float32 else {
                return (0..<tensor.byteCount).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
            }
            return (0..<tensor.elementCount).flatMap { _ in
                withUnsafeBytes(of: Float.random(in: -20...20, using: &random), Array.init)
            }
        }
    }

    /// The same bytes again and again on one session, so that what an inference leaves behind does not reach the next.
    /// - Returns: the output of the last of three, and what it allocated on this thread.
    static func run(_ session: Session, _ input: [UInt8]) throws -> (output: [UInt8], allocations: UInt64) {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: session.inputBytes + session.outputBytes, alignment: 1)
        defer { memory.deallocate() }
        let from = UnsafeMutableRawBufferPointer(rebasing: memory[..<session.inputBytes])
        let to = UnsafeMutableRawBufferPointer(rebasing: memory[session.inputBytes...])
        from.copyBytes(from: input)
        // The first call of a function may make the language runtime look up types, once for the process.
        for _ in 0..<2 { try session.run(bytes: UnsafeRawBufferPointer(from), output: to) }
        to.initializeMemory(as: UInt8.self, repeating: 0x5A)
        mw_allocation_counter_start()
        try session.run(bytes: UnsafeRawBufferPointer(from), output: to)
        let allocations = mw_allocation_counter_stop()
        return (Array(to), allocations)
    }

    /// Random numbers, and those at the ends of their range.
    static func inputs(_ plan: Plan, _ random: inout SplitMix64) -> [[UInt8]] {
        var extremes = input(plan, &random)
        if plan.inputs.allSatisfy({ $0.type != .float32 }) {
            for index in extremes.indices { extremes[index] = [0x80, 0x7F, 0x00, 0xFF][Int(extremes[index] >> 6)] }
        }
        return [input(plan, &random), input(plan, &random), extremes]
    }

    /// Every set of kernels on one thread and on three against the reference arithmetic.
    static func check(_ plan: Plan, _ memory: PlanMemory, _ inputs: [[UInt8]], _ comment: String) throws {
        let expected = try inputs.map { try plan.reference($0) }
        for isa in KernelSet.supported {
            for threads in [1, 3] {
                let session = try Session(
                    plan: plan, keeping: memory, kernels: KernelSet(isa: isa), threads: threads, isSharingAll: true)
                for (input, expected) in zip(inputs, expected) {
                    let (output, allocations) = try run(session, input)
                    #expect(output == expected, "\(isa), \(threads) threads, \(comment)")
                    #expect(allocations == 0, "\(isa), \(threads) threads, \(comment)")
                }
            }
        }
    }

    @Test(
        "an operator gives the same bytes on every set of kernels and any number of threads, and allocates nothing",
        arguments: OperatorCase.all, Contracts.all.map { $0.name })
    func equalsReference(_ one: OperatorCase, contract: String) throws {
        for seed in 0..<4 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var builder = PlanBuilder(contract: contract)
            let output = try one.make(&builder, &random)
            builder.output(output)
            let memory = PlanMemory(copying: try builder.encode())
            let plan = try Plan(bytes: memory.bytes)
            try Self.check(plan, memory, Self.inputs(plan, &random), "seed \(seed)")
        }
    }

    @Test("every operator of the catalogue is among the cases")
    func completeness() throws {
        var seen: Set<String> = []
        for one in OperatorCase.all {
            var random = SplitMix64(seed: 0)
            var builder = PlanBuilder(contract: "fp32")
            let output = try one.make(&builder, &random)
            builder.output(output)
            let memory = PlanMemory(copying: try builder.encode())
            seen.formUnion(try Plan(bytes: memory.bytes).operators.map { type(of: $0).name })
        }
        #expect(seen == Set(Operators.all.map { $0.name }))
    }

    @Test("a network of the common operators allocates nothing per inference", arguments: [1, 2])
    func allocations(threads: Int) throws {
        var random = SplitMix64(seed: 1)
        var builder = PlanBuilder(contract: "fp32")
        let unit = Quantization(scale: 0.1, zeroPoint: 3)
        let weights = { (channels: Int, depth: Int, random: inout SplitMix64) in
            Weights.Source(
                elements: (0..<channels * depth).map { _ in .random(in: -128...127, using: &random) },
                scales: [Float](repeating: 0.01, count: channels), bias: [Int32](repeating: 1, count: channels))
        }
        let window = Window(kernel: (3, 3), padding: (1, 1, 1, 1))
        let x = builder.input(name: "x", shape: [1, 16, 16, 16], quantization: unit, isPresentedUnsigned: true)
        let a = try builder.convolution(x, weights(16, 144, &random), window: window, output: unit)
        let b = try builder.depthwiseConvolution(a, weights(16, 9, &random), window: window, output: unit)
        let c = try builder.addition(a, b, output: unit)
        let d = try builder.pool(.average, c, window: Window(kernel: (16, 16)))
        let e = try builder.fullyConnected(
            try builder.reshape(d, shape: [1, 16]), weights(10, 16, &random), output: unit)
        builder.output(try builder.softmax(e, output: Quantization(scale: 1 / 256, zeroPoint: -128)))
        let memory = PlanMemory(copying: try builder.encode())
        let session = try Session(
            plan: Plan(bytes: memory.bytes), keeping: memory, threads: threads, isSharingAll: true)
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: session.inputBytes, alignment: 1)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: session.outputBytes, alignment: 1)
        defer {
            input.deallocate()
            output.deallocate()
        }
        input.initializeMemory(as: UInt8.self, repeating: 100)
        try session.run(bytes: UnsafeRawBufferPointer(input), output: output)
        mw_allocation_counter_start()
        for _ in 0..<100 { try session.run(bytes: UnsafeRawBufferPointer(input), output: output) }
        #expect(mw_allocation_counter_stop() == 0)
    }
}
