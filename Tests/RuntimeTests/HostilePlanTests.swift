import Graph
import Hostile
import Seeded
import Testing

/// Plans that no compiler wrote, their checksums put right: refused, or run and equal to reference arithmetic.
/// `./test --fuzz` does the same for hours, guided by coverage.
@Suite struct HostilePlanTests {
    @Test(arguments: OperatorCase.all) func mutated(_ one: OperatorCase) throws {
        let seed: UInt64 = 20_261_124
        var (random, mutator) = (SplitMix64(seed: seed), ByteMutator(seed: seed, numbers: .fixed32))
        var builder = PlanBuilder(contract: "fp32")
        let output = try one.make(&builder, &random)
        builder.output(output)
        let bytes = try builder.encode()
        var accepted = 0
        for round in 0..<120 {
            do {
                if try HostileFile.plan(PlanChecksums.repaired(mutator.mutated(bytes))) { accepted += 1 }
            } catch {
                Issue.record("seed \(seed), round \(round): \(error)")
            }
        }
        // Both must happen, else the mutants are too tame or too wild.
        #expect((1..<120).contains(accepted))
    }

    /// Kernels would multiply it by what lies behind the segment; reference arithmetic would not.
    @Test func aWeightWhereNoneBelongsIsRefused() throws {
        let memory = try Networks.dense([3, 2], seed: 1)
        let bytes = Array(memory.bytes)
        // The first weights of the constants section: three inputs of channel 0, and what fills them up to four; then the
        // first input of channel 2, which is not there.
        for place in [4_096 + 3, 4_096 + 8] {
            var damaged = bytes
            damaged[place] = 1
            #expect {
                try damaged.withUnsafeBytes { _ = try Plan(bytes: $0) }
            } throws: {
                ($0 as? PlanError)?.code == "plan.checksum"
            }
            #expect {
                try PlanChecksums.repaired(damaged).withUnsafeBytes { _ = try Plan(bytes: $0) }
            } throws: {
                ($0 as? PlanError)?.fault.what == "filling of the weights of fully_connected"
            }
        }
    }
}
