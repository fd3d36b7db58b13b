import Graph
import Hostile
import Inspection
import Kernels
import Pictures
import Seeded
import Testing

/// Sections as `inspect fit` leaves them, small ones of every mode, and damage of all kinds.
@Suite struct HostileFittedTests {
    static let side = HostileFile.fittedSide

    static func picture(_ seed: UInt64, spot: Int = 0) -> Picture {
        var random = SplitMix64(seed: seed)
        let pixels = (0..<side * side).map { index in
            let (x, y) = (index % side, index / side)
            let isSpot = spot > 0 && abs(x - 30) < spot && abs(y - 30) < spot
            return UInt8((x / 3 + y / 5) % 2 == (isSpot ? 1 : 0) ? 70 + random.below(9) : 170 + random.below(9))
        }
        return Picture(width: side, height: side, channels: 1, pixels: pixels)
    }

    static func backbone() throws -> Backbone {
        let memory = PlanMemory(copying: try HostileFile.fittedNetwork())
        return try Backbone(plan: try Plan(bytes: memory.bytes), keeping: memory, kernels: .best)
    }

    /// By name.
    static func sections() throws -> [(name: String, bytes: [UInt8])] {
        let mask = Picture(
            width: 40, height: 40, channels: 1, pixels: (0..<1_600).map { $0 % 40 < 8 ? 0 : 255 })
        let region = Box(left: 10, top: 12, right: 50, bottom: 52)
        var plain = try TemplateFit(golden: picture(1), region: nil, mask: nil, settings: .init())
        for seed in UInt64(2)..<8 { _ = try plain.add(picture(seed), name: "\(seed)") }
        var settings = TemplateComparison.Settings()
        settings.print = .dark
        let masked = try TemplateFit(golden: picture(1), region: region, mask: mask, settings: settings)
        var memory = GoodOnlyFit.Settings()
        memory.memoryRows = 16
        var good = GoodOnlyFit(try backbone(), settings: memory)
        for seed in UInt64(1)...6 { try good.add(picture(seed), name: "\(seed)") }
        memory.sight.region = region
        memory.sight.mask = mask
        memory.sight.reference = picture(1)
        var placed = GoodOnlyFit(try backbone(), settings: memory)
        for seed in UInt64(1)...6 { try placed.add(picture(seed), name: "\(seed)") }
        var kinds = ClassesFit.Settings()
        kinds.memoryRows = 16
        var classes = try ClassesFit(try backbone(), names: ["fine", "spot"], good: 0, settings: kinds)
        for seed in UInt64(1)...5 {
            try classes.add(picture(seed), name: "\(seed)", label: 0)
            try classes.add(picture(seed, spot: 6), name: "\(seed)", label: 1)
        }
        return [
            ("template", try plain.finish(budget: 0.01).model.encoded()),
            ("masked", try masked.finish(budget: 0.01).model.encoded()),
            ("good-only", try good.finish(budget: 0.01).model.encoded()),
            ("placed", try placed.finish(budget: 0.01).model.encoded()),
            ("classes", try classes.finish(budget: 0.01).model.encoded()),
        ]
    }

    @Test func whatWasFittedIsAccepted() throws {
        for (name, bytes) in try Self.sections() { #expect(try HostileFile.fitted(bytes), "\(name)") }
    }

    /// Two hundred in all; `Tests/Fuzz/run` tries 200,000 under AddressSanitizer.
    @Test func damagedSectionsAreRefusedOrJudge() throws {
        for (name, bytes) in try Self.sections() {
            for seed in UInt64(0)..<40 {
                var mutator = ByteMutator(seed: seed, numbers: .fixed32)
                let mutant = mutator.mutated(bytes)
                #expect(throws: Never.self, "\(name), seed \(seed)") { try HostileFile.fitted(mutant) }
            }
            for length in [0, 3, 4, 64, bytes.count / 2, bytes.count - 1] {
                #expect(try !HostileFile.fitted(Array(bytes.prefix(length))), "\(name), \(length) bytes")
            }
        }
    }
}

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test func fitted() throws { try Corpus.write(HostileFittedTests.sections(), as: "fitted") }
}
