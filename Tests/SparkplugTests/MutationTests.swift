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
                do throws(SparkplugError) {
                    try payload.read(mutator.mutated(sound))
                } catch {
                    #expect(error.description.contains("expected"), "\(name), seed \(seed)")
                    continue
                }
                for metric in payload.metrics {
                    _ = metric.name.map { payload.text($0) }
                    for type in SparkplugDataType.allCases {
                        let reading = payload.reading(of: metric, as: type)
                        if reading.fault != nil {
                            #expect(reading.value == .none && !reading.quality.isGood, "\(name), seed \(seed)")
                        }
                    }
                }
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
