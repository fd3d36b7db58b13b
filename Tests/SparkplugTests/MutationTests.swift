import Hostile
import Plant
import Seeded
import Sparkplug
import Testing

@Suite struct MutationTests {
    /// Damaged payloads are refused or read; what is read can be used, and the reader goes on with the next one.
    @Test func damagedPayloadsNeverCrash() throws {
        var payload = SparkplugPayload()
        for name in try Vectors.names() {
            let sound = try Vectors.payload(name)
            for seed in 0..<2_000 as Range<UInt64> {
                var mutator = ByteMutator(seed: seed, numbers: .varint)
                let mutant = mutator.mutated(sound)
                #expect(throws: Never.self, "\(name), seed \(seed)") { try HostilePayload.sparkplug(mutant) }
                _ = try? payload.read(mutant)
            }
            try payload.read(sound)
        }
    }

    @Test func aPayloadCutAnywhereIsRefusedOrShorter() throws {
        var payload = SparkplugPayload()
        for name in try Vectors.names() {
            let sound = try Vectors.payload(name)
            try payload.read(sound)
            let whole = payload.metrics.count
            for count in 0..<sound.count {
                guard (try? payload.read(Array(sound[..<count]))) != nil else { continue }
                #expect(payload.metrics.count <= whole)
            }
        }
    }
}
