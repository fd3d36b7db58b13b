import Graph
import Kernels
import Runtime
import Seeded
import Testing

@Suite("layers beyond the caches")
struct BlockingTests {
    private static func weights(_ channels: Int, _ depth: Int, _ random: inout SplitMix64) -> Weights.Source {
        Weights.Source(
            elements: (0..<channels * depth).map { _ in .random(in: -128...127, using: &random) },
            scales: (0..<channels).map { _ in .random(in: 0.0005...0.002, using: &random) },
            bias: (0..<channels).map { _ in .random(in: -1_000...1_000, using: &random) })
    }

    /// A padded image's convolution, one of 1 by 1 with a step, and a product of many vectors.
    private static func plan(_ random: inout SplitMix64) throws -> PlanMemory {
        var builder = PlanBuilder(contract: "fp32")
        let unit = Quantization(scale: 0.1, zeroPoint: 3)
        let x = builder.input(name: "x", shape: [1, 14, 15, 48], quantization: unit)
        let a = try builder.convolution(
            x, weights(144, 9 * 48, &random), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)), output: unit)
        let b = try builder.convolution(
            a, weights(400, 144, &random), window: Window(kernel: (1, 1), strides: (2, 2)), output: unit)
        let c = try builder.fullyConnected(
            try builder.reshape(b, shape: [7 * 8, 400]), weights(176, 400, &random), output: unit)
        builder.output(c)
        return PlanMemory(copying: try builder.encode())
    }

    @Test("the same bytes for every cache, kernel and number of threads, and nothing allocated")
    func sameBytes() throws {
        var random = SplitMix64(seed: 20_261_130)
        let memory = try Self.plan(&random)
        let plan = try Plan(bytes: memory.bytes)
        let input = (0..<plan.inputBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let expected = try plan.reference(input)
        let caches = [
            CacheSizes(level1DataBytes: 8 << 10, level2Bytes: 64 << 10), CacheSizes(level2Bytes: 128 << 10),
            CacheSizes(level2Bytes: 256 << 10, level2Sharers: 4),
            CacheSizes(level1DataBytes: 64 << 10, level2Bytes: 32 << 20),
        ]
        for isa in KernelSet.supported {
            for caches in caches {
                for threads in [1, 3] {
                    let session = try Session(
                        plan: plan, keeping: memory, kernels: KernelSet(isa: isa).sized(for: caches), threads: threads,
                        isSharingAll: true)
                    let (output, allocations) = try OperatorTests.run(session, input)
                    #expect(output == expected, "\(isa), \(caches), \(threads) threads")
                    #expect(allocations == 0, "\(isa), \(caches), \(threads) threads")
                }
            }
        }
    }
}
