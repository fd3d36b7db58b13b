import CAllocationCounter
import Graph
import Kernels
import Runtime
import Seeded
import Testing

/// One small network for each operator, from a seed.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    var name: String
    var make: @Sendable (inout PlanBuilder, inout SplitMix64) throws -> TensorID

    var testDescription: String { name }

    private static func quantization(_ random: inout SplitMix64) -> Quantization {
        Quantization(
            scale: .random(in: 0.01...0.2, using: &random), zeroPoint: .random(in: -128...127, using: &random))
    }

    private static func image(
        _ builder: inout PlanBuilder, _ random: inout SplitMix64, height: Int, width: Int, channels: Int
    ) -> TensorID {
        builder.input(name: "x", shape: [1, height, width, channels], quantization: quantization(&random))
    }

    private static func weights(
        _ channels: Int, _ depth: Int, _ random: inout SplitMix64, isPerTensor: Bool = false, hasZeros: Bool = false
    ) -> Weights.Source {
        Weights.Source(
            elements: (0..<channels * depth).map { _ in .random(in: -128...127, using: &random) },
            scales: (0..<(isPerTensor ? 1 : channels)).map { _ in .random(in: 0.000_5...0.02, using: &random) },
            zeroPoints: hasZeros ? (0..<channels).map { _ in .random(in: -128...127, using: &random) } : nil,
            bias: (0..<channels).map { _ in .random(in: -3_000...3_000, using: &random) })
    }

    private static func convolution(
        _ name: String, channels: (Int, Int), window: Window, groups: Int = 1, hasZeros: Bool = false
    ) -> OperatorCase {
        OperatorCase(name: name) { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: channels.0)
            return try builder.convolution(
                x,
                weights(
                    channels.1, window.taps * channels.0 / groups, &random, isPerTensor: hasZeros, hasZeros: hasZeros),
                window: window, groups: groups, output: quantization(&random), clamp: -100...110)
        }
    }

    private static func depthwise(_ name: String, channels: Int, window: Window, hasZeros: Bool = false) -> OperatorCase
    {
        OperatorCase(name: name) { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: channels)
            return try builder.depthwiseConvolution(
                x, weights(channels, window.taps, &random, isPerTensor: hasZeros, hasZeros: hasZeros), window: window,
                output: quantization(&random))
        }
    }

    private static func sides(
        _ name: String,
        _ add: @escaping @Sendable (inout PlanBuilder, TensorID, TensorID, Quantization) throws -> TensorID
    ) -> OperatorCase {
        OperatorCase(name: name) { builder, random in
            let a = builder.input(name: "a", shape: [3, 37], quantization: quantization(&random))
            let b = builder.input(name: "b", shape: [3, 37], quantization: quantization(&random))
            return try add(&builder, a, b, Quantization(scale: 0.3, zeroPoint: 5))
        }
    }

    static let all: [OperatorCase] = [
        convolution("convolution 1x1", channels: (24, 40), window: Window(kernel: (1, 1))),
        convolution(
            "convolution 3x3 padded", channels: (16, 33), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1))),
        convolution(
            "convolution 3x3 stride 2, padded unevenly", channels: (3, 8),
            window: Window(kernel: (3, 3), strides: (2, 2), padding: (0, 0, 1, 1))),
        convolution(
            "convolution 3x2 dilated", channels: (5, 17),
            window: Window(kernel: (3, 2), dilations: (2, 3), padding: (2, 1, 0, 3))),
        convolution(
            "convolution in groups", channels: (12, 18), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)),
            groups: 3),
        convolution(
            "convolution with weight zero points", channels: (10, 20),
            window: Window(kernel: (2, 2), padding: (1, 0, 0, 1)), hasZeros: true),
        convolution(
            "convolution of width 1", channels: (8, 16), window: Window(kernel: (3, 1), padding: (1, 0, 1, 0))),
        depthwise("depthwise 3x3", channels: 19, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1))),
        depthwise(
            "depthwise 3x3 stride 2", channels: 32,
            window: Window(kernel: (3, 3), strides: (2, 2), padding: (0, 0, 1, 1))),
        depthwise(
            "depthwise 5x4 dilated", channels: 7,
            window: Window(kernel: (5, 4), dilations: (2, 1), padding: (3, 2, 1, 0))),
        depthwise(
            "depthwise with weight zero points", channels: 24, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)),
            hasZeros: true),
        OperatorCase(name: "maximum of windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(
                .maximum, x, window: Window(kernel: (3, 2), strides: (2, 1), padding: (1, 0, 1, 1)), clamp: -90...90)
        },
        OperatorCase(name: "average of windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(.average, x, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)))
        },
        OperatorCase(name: "average of uint8 windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 5)
            return try builder.pool(
                .average, x, window: Window(kernel: (3, 3), strides: (2, 2), padding: (1, 1, 1, 1)), isUnsigned: true)
        },
        OperatorCase(name: "average of a whole image") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(.average, x, window: Window(kernel: (9, 11)), isUnsigned: true)
        },
        OperatorCase(name: "mean") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.mean(x, axes: 1..<3, shape: [1, 1, 1, 21], output: quantization(&random))
        },
        sides("addition") { try $0.addition($1, $2, output: $3, clamp: -120...100) },
        sides("addition of uint8") { try $0.addition($1, $2, isUnsigned: true, output: $3) },
        sides("subtraction") { try $0.addition($1, $2, subtracts: true, output: $3) },
        sides("multiplication") { try $0.multiplication($1, $2, output: $3) },
        OperatorCase(name: "lookup") { builder, random in
            let x = image(&builder, &random, height: 3, width: 5, channels: 21)
            return try builder.lookup(
                x, table: (0..<256).map { Int8(truncatingIfNeeded: $0 * 7) }, output: quantization(&random))
        },
        OperatorCase(name: "softmax") { builder, random in
            let x = builder.input(name: "x", shape: [3, 12], quantization: quantization(&random))
            return try builder.softmax(x, output: Quantization(scale: 1 / 256, zeroPoint: -128))
        },
        OperatorCase(name: "concatenation") { builder, random in
            let unit = quantization(&random)
            let a = builder.input(name: "a", shape: [2, 3, 5], quantization: unit)
            let b = builder.input(name: "b", shape: [2, 4, 5], quantization: unit)
            return try builder.concatenation([a, b, a], axis: 1)
        },
        OperatorCase(name: "slice") { builder, random in
            let x = builder.input(name: "x", shape: [4, 6, 9], quantization: quantization(&random))
            return try builder.slice(x, starts: [3, 1, 0], steps: [-1, 2, 3], sizes: [4, 2, 3])
        },
        OperatorCase(name: "transposition") { builder, random in
            let x = builder.input(name: "x", shape: [4, 6, 9], quantization: quantization(&random))
            return try builder.transpose(x, permutation: [2, 0, 1])
        },
        OperatorCase(name: "padding") { builder, random in
            let x = builder.input(name: "x", shape: [4, 6], quantization: quantization(&random))
            return try builder.pad(x, before: [1, 2], after: [0, 3], between: [2, 0], fill: 9)
        },
        OperatorCase(name: "reshape in place") { builder, random in
            let x = builder.input(name: "x", shape: [4, 6], quantization: quantization(&random))
            let flat = try builder.reshape(x, shape: [24])
            return try builder.lookup(
                flat, table: (0..<256).map { Int8(truncatingIfNeeded: $0 * 3) }, output: quantization(&random))
        },
        OperatorCase(name: "real numbers at both doors") { builder, random in
            let x = builder.input(name: "x", type: .float32, shape: [1, 33], quantization: .identity)
            return try builder.dequantize(try builder.quantize(x, output: quantization(&random)))
        },
    ]
}

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

    private static func run(_ session: Session, _ input: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: session.outputBytes)
        try input.withUnsafeBytes { input in
            try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
        }
        return output
    }

    @Test(
        "an operator gives the same bytes on every set of kernels and any number of threads",
        arguments: OperatorCase.all, Contracts.all.map { $0.name })
    func equalsReference(_ one: OperatorCase, contract: String) throws {
        for seed in 0..<4 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var builder = PlanBuilder(contract: contract)
            let output = try one.make(&builder, &random)
            builder.output(output)
            let memory = PlanMemory(copying: try builder.encode())
            let plan = try Plan(bytes: memory.bytes)
            for _ in 0..<3 {
                let input = Self.input(plan, &random)
                let expected = try plan.reference(input)
                for isa in KernelSet.supported {
                    for threads in [1, 3] {
                        let session = try Session(
                            plan: plan, keeping: memory, kernels: KernelSet(isa: isa), threads: threads,
                            isSharingAll: true)
                        #expect(try Self.run(session, input) == expected, "\(isa), \(threads) threads, seed \(seed)")
                    }
                }
            }
        }
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
