import Testing

@testable import Compiler

@Suite("Passes leave what a network computes as it was")
struct RandomModelTests {
    static let seeds = 200

    private func expectSame(_ before: Model, _ after: Model, seed: UInt64, _ what: String) throws {
        try after.check()
        var numbers = SeededNumbers(seed)
        let (old, new) = (try Evaluator(before), try Evaluator(after))
        #expect(before.inputs.map { before[$0].name } == after.inputs.map { after[$0].name })
        #expect(before.outputs.map { before[$0].name } == after.outputs.map { after[$0].name })
        for _ in 0..<2 {
            let inputs = randomInputs(before, &numbers)
            let (expected, found) = (try old.run(inputs), try new.run(inputs))
            #expect(expected == found, "seed \(seed), \(what)\n\(before.listing)\n\(after.listing)")
            if expected != found { return }
        }
    }

    @Test("Each pass alone, at each point of the whole", arguments: [false, true])
    func eachPass(isQuantized: Bool) throws {
        var changes: [String: Int] = [:]
        for seed in 0..<UInt64(Self.seeds) {
            var model = try RandomModels.model(seed: seed, isQuantized: isQuantized)
            try model.check()
            // The other way round too: each pass has to stand whatever another leaves it.
            let order = seed.isMultiple(of: 2) ? Passes.order : Passes.order.reversed()
            for _ in 0..<3 {
                for pass in order {
                    let before = model
                    let count = try pass.run(&model)
                    changes[pass.name, default: 0] += count
                    if count == 0 { #expect(before == model, "\(pass.name) changed what it did not count") }
                    if before != model { try expectSame(before, model, seed: seed, pass.name) }
                }
            }
        }
        // A generator that gives a pass nothing to do proves nothing about it.
        let idle = Passes.order.map { $0.name }.filter { changes[$0, default: 0] == 0 }
        #expect(idle == (isQuantized ? [] : ["fold-quantization", "signed-bytes"]))
    }

    @Test("All passes, until nothing changes", arguments: [false, true])
    func allPasses(isQuantized: Bool) throws {
        for seed in 0..<UInt64(Self.seeds) {
            let before = try RandomModels.model(seed: seed, isQuantized: isQuantized)
            var after = before
            try Passes.run(&after)
            try expectSame(before, after, seed: seed, "all passes")
            let settled = after
            try Passes.run(&after)
            #expect(after == settled, "seed \(seed) was not settled")
        }
    }
}
