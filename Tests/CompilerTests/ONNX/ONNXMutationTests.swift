import FoundationEssentials
import Seeded
import Testing

@testable import Compiler

/// Files that no exporter wrote: each is read, or refused with a ``ModelError``; never a crash, and never slowly.
@Suite struct ONNXMutationTests {
    /// Mutants a model; `MILLWRIGHT_MUTANTS` asks for long runs.
    private static let rounds = ProcessInfo.processInfo.environment["MILLWRIGHT_MUTANTS"].flatMap { Int($0) } ?? 1000

    static let models = ["quantized network", "shape arithmetic", "recurrence"]

    private static func bytes(_ name: String) -> [UInt8] {
        switch name {
        case "quantized network": ONNXNetworks.quantized.bytes
        case "shape arithmetic": ONNXNetworks.shapeArithmetic.bytes
        default: ONNXNetworks.recurrence.bytes
        }
    }

    @Test(arguments: models)
    func soundOnesAreRead(_ name: String) throws {
        let model = try ONNXFormat.model(from: Self.bytes(name), name: name)
        let inputs = model.inputs.map { id in
            TensorData(
                shape: model[id].shape,
                Elements(model[id].type, wrapping: [Int64](repeating: 1, count: model[id].elementCount)))
        }
        #expect(try !Evaluator(model).run(inputs).isEmpty)
    }

    @Test(arguments: models)
    func cutAtEveryLength(_ name: String) throws {
        let bytes = Self.bytes(name)
        var refused = 0
        for length in 0..<bytes.count {
            do throws(ModelError) {
                _ = try ONNXFormat.model(from: Array(bytes[..<length]), name: name)
            } catch {
                refused += 1
            }
        }
        // Behind the graph stand the operator sets alone.
        #expect(refused > bytes.count - 16)
    }

    @Test(arguments: models)
    func mutated(_ name: String) throws {
        let (bytes, seed) = (Self.bytes(name), UInt64(20_261_123))
        var source = ByteMutator(seed: seed, numbers: .varint)
        var refused = 0
        for round in 0..<Self.rounds {
            do throws(ModelError) {
                let model = try ONNXFormat.model(from: source.mutated(bytes), name: name)
                try model.check()
            } catch {
                refused += 1
                #expect(!error.description.isEmpty, "seed \(seed), round \(round)")
            }
        }
        // Both must happen, else the mutants are too tame or too wild.
        #expect((Self.rounds / 10..<Self.rounds).contains(refused))
    }

    /// Sound files with numbers that no exporter writes, for each operator's own rule.
    @Test(arguments: ONNXVector.groups)
    func numbersOfEachOperatorMutated(_ group: String) throws {
        let seed: UInt64 = 20_261_124
        var source = ByteMutator(seed: seed, numbers: .varint)
        for vector in try ONNXVector.group(group) {
            let bytes = try vector.draft.bytes
            for round in 0..<Self.rounds / 80 {
                do throws(ModelError) {
                    try ONNXFormat.model(from: source.mutated(bytes), name: group).check()
                } catch {
                    #expect(!error.description.isEmpty, "\(vector.testDescription), seed \(seed), round \(round)")
                }
            }
        }
    }
}
