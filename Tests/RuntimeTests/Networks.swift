import Graph
import Kernels
import Runtime
import Seeded

/// Random networks of fully-connected layers, as their seed says.
enum Networks {
    /// - Parameter widths: input first.
    static func dense(_ widths: [Int], seed: UInt64, golden: Int = 0) throws -> PlanMemory {
        var random = SplitMix64(seed: seed)
        var builder = PlanBuilder(contract: "tflite")
        var last = builder.input(
            name: "x", shape: [1, widths[0]],
            quantization: .init(scale: 0.02, zeroPoint: .random(in: -128...127, using: &random)))
        for (inputs, outputs) in zip(widths, widths.dropFirst()) {
            let range: ClosedRange<Int8> = Bool.random(using: &random) ? -128...127 : 127...127
            let output = Quantization(
                scale: .random(in: 0.005...0.2, using: &random), zeroPoint: .random(in: -128...127, using: &random))
            last = try builder.fullyConnected(
                last,
                Weights.Source(
                    elements: (0..<inputs * outputs).map { _ in Int8.random(in: range, using: &random) },
                    scales: (0..<outputs).map { _ in Float.random(in: 0.000_1...0.05, using: &random) },
                    bias: (0..<outputs).map { _ in Int32.random(in: -100_000...100_000, using: &random) }),
                output: output, clamp: Bool.random(using: &random) ? output.zeroPoint...127 : -128...127)
        }
        builder.output(last)
        if golden > 0 {
            let inputs = (0..<golden).map { _ in Self.input(widths[0], &random).map(UInt8.init(bitPattern:)) }
            builder.attach(receipt: try builder.receipt(goldenInputs: inputs))
        }
        return PlanMemory(copying: try builder.encode())
    }

    static func input(_ count: Int, _ random: inout SplitMix64) -> [Int8] {
        (0..<count).map { _ in Int8.random(in: -128...127, using: &random) }
    }

    static func quantize(_ value: Float, _ quantization: Quantization) -> Int8 { quantization.quantize(value) }

    static func session(_ memory: PlanMemory, isa: String? = nil) throws -> Session {
        try Session(
            plan: Plan(bytes: memory.bytes), keeping: memory, kernels: isa.map { try KernelSet(isa: $0) } ?? .best)
    }
}

extension Session {
    func reference(_ input: [Int8]) throws -> [Int8] {
        try plan.reference(input.map(UInt8.init(bitPattern:))).map(Int8.init(bitPattern:))
    }

    func run(_ input: [Int8]) throws -> [Int8] {
        var output = [Int8](repeating: 0, count: outputCount)
        try input.withUnsafeBufferPointer { input in
            try output.withUnsafeMutableBufferPointer { try run(quantized: input, output: $0) }
        }
        return output
    }

    func run(_ input: [Float]) throws -> [Float] {
        var output = [Float](repeating: -1, count: outputCount)
        try input.withUnsafeBufferPointer { input in
            try output.withUnsafeMutableBufferPointer { try run(input, output: $0) }
        }
        return output
    }
}
