import CAllocationCounter
import Hostile
import Pictures
import Seeded
import Testing

@Suite struct MutationTests {
    /// Damaged files are refused or read whole, in time and within their memory.
    @Test(arguments: Golden.accepted + Golden.refused.map(\.name)) func damagedFilesNeverCrash(_ name: String) throws {
        let sound = try Golden.bytes(name)
        let isPNG = name.hasSuffix(".png")
        for seed in 0..<60 as Range<UInt64> {
            var mutator = ByteMutator(seed: seed, numbers: .fixed32)
            let mutant = mutator.mutated(sound)
            // Half of the damaged PNG files have checksums that are right, so that the damage gets behind them.
            let file = isPNG && seed % 2 == 0 ? PNGChecksums.repaired(mutant) : mutant
            mw_allocation_counter_start()
            let finding = Result { () throws(HostileFile.Finding) in try HostileFile.picture(file) }
            _ = mw_allocation_counter_stop()
            #expect(throws: Never.self, "\(name), seed \(seed)") { try finding.get() }
            #expect(Int(mw_allocation_counter_bytes()) < HostileFile.pictureBytes, "\(name), seed \(seed)")
        }
    }
}
