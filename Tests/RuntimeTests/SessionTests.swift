import CAllocationCounter
import Graph
import Kernels
import Runtime
import Seeded
import Testing

@Suite("session: a plan run by kernels")
struct SessionTests {
    static let isas = KernelSet.supported

    @Test("random networks equal the reference arithmetic bit for bit", arguments: isas)
    func equalsReference(isa: String) throws {
        var random = SplitMix64(seed: 99)
        var distinct: Set<Int8> = []
        for seed in 0..<60 as Range<UInt64> {
            let widths = (0...Int.random(in: 1...5, using: &random)).map { _ in Int.random(in: 1...70, using: &random) }
            let memory = try Networks.dense(widths, seed: seed)
            let session = try Networks.session(memory, isa: isa)
            let values = [
                Networks.input(widths[0], &random), Array(repeating: -128, count: widths[0]),
                Array(repeating: 127, count: widths[0]),
            ]
            for input in values {
                let output = try session.run(input)
                distinct.formUnion(output)
                #expect(try output == session.reference(input), "\(isa), seed \(seed), widths \(widths)")
            }
        }
        #expect(distinct.count > 100, "networks that only saturate prove little")
    }

    @Test("an inference allocates nothing, on int8 and on real values", arguments: isas)
    func allocations(isa: String) throws {
        let memory = try Networks.dense([32, 16, 8, 16, 32], seed: 1)
        let session = try Networks.session(memory, isa: isa)
        let bytes = UnsafeMutableBufferPointer<Int8>.allocate(capacity: 64)
        let reals = UnsafeMutableBufferPointer<Float>.allocate(capacity: 64)
        defer {
            bytes.deallocate()
            reals.deallocate()
        }
        bytes.initialize(repeating: 3)
        reals.initialize(repeating: 0.5)
        let quantized = UnsafeBufferPointer(rebasing: bytes[..<32])
        let real = UnsafeBufferPointer(rebasing: reals[..<32])
        let quantizedOutput = UnsafeMutableBufferPointer(rebasing: bytes[32...])
        let realOutput = UnsafeMutableBufferPointer(rebasing: reals[32...])
        // The first call of a function may make the language runtime look up types, once for the process.
        try session.run(quantized: quantized, output: quantizedOutput)
        try session.run(real, output: realOutput)
        mw_allocation_counter_start()
        for _ in 0..<1_000 {
            try session.run(quantized: quantized, output: quantizedOutput)
            try session.run(real, output: realOutput)
        }
        #expect(mw_allocation_counter_stop() == 0)
    }

    @Test("every tensor is shown as the reference arithmetic has it, though they share memory", arguments: isas)
    func shown(isa: String) throws {
        let memory = try Networks.dense([32, 16, 48, 16, 24], seed: 4)
        let session = try Networks.session(memory, isa: isa)
        var random = SplitMix64(seed: 5)
        let input = Networks.input(32, &random)
        var shown: [(index: Int, bytes: [Int8])] = []
        try input.withUnsafeBytes { input in
            try session.run(bytes: input) { index, tensor, bytes in
                #expect(bytes.count == tensor.byteCount)
                shown.append((index, Array(bytes.bindMemory(to: Int8.self))))
            }
        }
        #expect(shown.map(\.index) == Array(session.plan.operators.indices))
        var before: [TensorValue] = [.int8(input)]
        for (node, found) in zip(session.plan.operators, shown) {
            before = node.reference(before)
            #expect(before[0].int8s == found.bytes)
        }
        #expect(try session.run(input) == shown.last?.bytes)
        #expect(session.tensorBytes < shown.reduce(32) { $0 + $1.bytes.count })
    }

    @Test("the counter of allocations counts")
    func counter() {
        mw_allocation_counter_start()
        let made = UnsafeMutablePointer<Int>.allocate(capacity: 1_000)
        let aligned = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 4_096)
        let count = mw_allocation_counter_stop()
        made.deallocate()
        aligned.deallocate()
        #expect(count >= 2)
    }

    @Test("real values are quantized half to even, saturate, and come back scaled")
    func realValues() throws {
        let half = Quantization(scale: 0.5, zeroPoint: -10)
        for (value, expected) in [
            (0, -10), (0.25, -10), (0.75, -8), (-0.25, -10), (-0.75, -12), (1.25, -8), (0.5, -9), (1e30, 127),
            (-1e30, -128), (68.5, 127), (68.75, 127), (-59, -128), (.greatestFiniteMagnitude, 127), (-0.0, -10),
        ] as [(Float, Int8)] {
            #expect(Networks.quantize(value, half) == expected, "\(value)")
        }
        #expect(Networks.quantize(.greatestFiniteMagnitude, .init(scale: .leastNonzeroMagnitude, zeroPoint: 0)) == 127)

        let session = try Networks.session(Networks.dense([9, 4], seed: 3))
        let input: [Float] = [0.1, -0.2, 0.33, 1.5, -1.5, 0, 2.56, -2.56, 0.01]
        let (from, to) = (session.plan.inputs[0].quantization, session.plan.outputs[0].quantization)
        let expected = try session.reference(input.map { Networks.quantize($0, from) })
        #expect(try session.run(input) == expected.map { to.scale * Float(Int32($0) - to.zeroPoint) })
    }

    @Test(
        "a value that is no number never enters a model", arguments: [Float.nan, .signalingNaN, .infinity, -.infinity])
    func notFinite(value: Float) throws {
        let session = try Networks.session(Networks.dense([5, 3], seed: 3))
        var input = [Float](repeating: 0, count: 5)
        input[4] = value
        var output = [Float](repeating: -7, count: 3)
        let error = #expect(throws: RuntimeError.self) {
            try input.withUnsafeBufferPointer { input in
                try output.withUnsafeMutableBufferPointer { try session.run(input, output: $0) }
            }
        }
        #expect(error == .notFinite(element: 4))
        #expect(output == [-7, -7, -7])
    }

    @Test("buffers of the wrong size are refused")
    func sizes() throws {
        let session = try Networks.session(Networks.dense([5, 3], seed: 3))
        #expect(throws: RuntimeError.wrongSize(what: "bytes of input", expected: 5, found: 4)) {
            try session.run([Int8](repeating: 0, count: 4))
        }
        #expect(throws: RuntimeError.wrongSize(what: "input", expected: 5, found: 6)) {
            try session.run([Float](repeating: 0, count: 6))
        }
        var output = [Int8](repeating: 0, count: 2)
        #expect(throws: RuntimeError.wrongSize(what: "bytes of output", expected: 3, found: 2)) {
            try [Int8](repeating: 0, count: 5).withUnsafeBufferPointer { input in
                try output.withUnsafeMutableBufferPointer { try session.run(quantized: input, output: $0) }
            }
        }
    }

    @Test("a session keeps the plan's bytes alive")
    func owner() throws {
        weak var memory: PlanMemory?
        var session: Session?
        do {
            let made = try Networks.dense([5, 3], seed: 3)
            memory = made
            session = try Networks.session(made)
        }
        #expect(memory != nil)
        #expect(try session?.run([Int8](repeating: 0, count: 5)).count == 3)
        session = nil
        #expect(memory == nil)
    }

    @Test("several inputs and outputs lie one after the other, and a tensor may be read twice")
    func branches() throws {
        let unit = Quantization(scale: 1, zeroPoint: 0)
        var builder = PlanBuilder(contract: "tflite")
        let a = builder.input(name: "a", shape: [2], quantization: unit)
        let b = builder.input(name: "b", shape: [1], quantization: unit)
        func dense(_ from: TensorID, _ weights: [Int8], _ outputs: Int) throws -> TensorID {
            try builder.fullyConnected(
                from,
                Weights.Source(
                    elements: weights, scales: Array(repeating: 1, count: outputs),
                    bias: Array(repeating: 0, count: outputs)), output: unit)
        }
        let doubled = try dense(a, [2, 0, 0, 2], 2)
        let summed = try dense(a, [1, 1], 1)
        let negated = try dense(b, [-1], 1)
        for tensor in [negated, doubled, summed] { builder.output(tensor) }
        let memory = PlanMemory(copying: try builder.encode())
        let session = try Networks.session(memory)
        #expect(session.inputCount == 3 && session.outputCount == 4)
        #expect(try session.run([3, 4, 5] as [Int8]) == [-5, 6, 8, 7])
        #expect(try session.reference([3, 4, 5]) == [-5, 6, 8, 7])
    }

    @Test("tensors that are never alive together share memory")
    func arena() throws {
        // 64-byte tensors: two at a time of nine.
        let session = try Networks.session(Networks.dense(Array(repeating: 64, count: 9), seed: 3))
        #expect(session.tensorBytes == 2 * 64 && session.tensorLowerBound == 2 * 64)
    }
}
