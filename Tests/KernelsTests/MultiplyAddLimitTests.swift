import Kernels
import Testing

@Suite struct MultiplyAddLimitTests {
    @Test func eachVectorKernelOfThisCPUHasALimitToBeMeasuredAgainst() {
        #expect(MultiplyAddLimit.supported.map(\.isa) == KernelSet.supported.filter { $0 != "scalar" })
    }

    @Test(arguments: MultiplyAddLimit.supported.map(\.isa)) func countsWhatItDoes(isa: String) throws {
        let limit = try #require(MultiplyAddLimit.supported.first { $0.isa == isa })
        let one = limit.run(rounds: 1)
        // Vectors of at least 16 bytes, and more sums than one.
        #expect(one > 16 && one % 8 == 0)
        #expect(limit.run(rounds: 1_000) == 1_000 * one)
        #expect(limit.run(rounds: 0) == 0)
    }
}
