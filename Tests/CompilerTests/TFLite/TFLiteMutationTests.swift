import Compiler
import Seeded
import Testing

/// Files that no converter wrote: each is read, or refused with a ``ModelError``; never a crash, and never slowly.
@Suite struct TFLiteMutationTests {
    static let models = [
        ("int8 convolution", TFLiteRefusal.sound.bytes),
        ("shapes", TFLiteCases.shapes.last?.draft.bytes ?? []),
        ("recurrence", TFLiteCases.networks.last?.draft.bytes ?? []),
        ("strided slice", TFLiteCases.shapes.first { $0.name.hasPrefix("STRIDED") }?.draft.bytes ?? []),
        ("batches", TFLiteCases.shapes.first { $0.name.hasPrefix("BATCH_TO") }?.draft.bytes ?? []),
    ]

    @Test(arguments: models)
    func cutAtEveryLength(_ name: String, _ bytes: [UInt8]) throws {
        var refused = 0
        for length in 0..<bytes.count {
            do throws(ModelError) {
                _ = try TensorFlowLite.model(from: Array(bytes[..<length]), name: name)
            } catch {
                refused += 1
            }
        }
        // What lies at the end may be padding, but hardly more.
        #expect(refused > bytes.count - 32)
    }

    @Test(arguments: models)
    func mutated(_ name: String, _ bytes: [UInt8]) throws {
        let seed: UInt64 = 20_261_123
        var source = ByteMutator(seed: seed, numbers: .fixed32)
        for round in 0..<600 {
            let mutant = source.mutated(bytes)
            do throws(ModelError) {
                let model = try TensorFlowLite.model(from: mutant, name: name)
                try model.check()
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed), round \(round)")
            }
        }
    }

    /// Sound offsets around numbers that no converter writes: these go deep into each operator's rule.
    @Test func numbersOfEachOperatorMutated() throws {
        let seed: UInt64 = 20_261_124
        var source = DraftMutator(seed: seed)
        for one in TFLiteCases.all {
            for round in 0..<32 {
                var draft = one.draft
                source.mutate(&draft)
                do throws(ModelError) {
                    try draft.model().check()
                } catch {
                    #expect(!error.description.isEmpty, "\(one.name), seed \(seed), round \(round)")
                }
            }
        }
    }
}
