import Scoring
import Signals
import Testing

@Suite struct ModelCardTests {
    let card = TestModel.card(conditions: [TestModel.speed, TestModel.load])

    @Test func aCardReadsBackAndWritesTheSameBytes() throws {
        let json = try card.json()
        let read = try ModelCard(json: json)
        #expect(read == card)
        #expect(try read.json() == json)
    }

    @Test func eachMissingKeyIsNamed() throws {
        let text = String(decoding: try card.json(), as: UTF8.self)
        for key in ["threshold", "features", "geometry", "window", "seed", "pack"] {
            let broken = text.replacing("\"\(key)\"", with: "\"\(key)_\"")
            #expect(throws: ScoringError.self, "\(key)") { try ModelCard(json: Array(broken.utf8)) }
            do { _ = try ModelCard(json: Array(broken.utf8)) } catch { #expect(error.description.contains(key)) }
        }
    }

    static let flaws: [@Sendable (inout ModelCard) -> Void] = [
        { $0.format = 2 },
        { $0.features.swapAt(0, 1) },
        { $0.features.removeLast() },
        { $0.features[3].deviation = 0 },
        { $0.conditions[0].deviation = -1 },
        { $0.conditions[1] = $0.conditions[0] },
        { $0.conditions[0].limits = .init(lowest: 2, highest: 1) },
        { $0.threshold = 0 },
        { $0.speed = .init(lowest: 0, highest: 1_000) },
    ]

    @Test(arguments: flaws.indices)
    func aCardThatContradictsItselfIsRefused(flaw: Int) throws {
        var wrong = card
        Self.flaws[flaw](&wrong)
        #expect(throws: ScoringError.self) { try ModelCard(json: wrong.json()) }
    }

    @Test func flippedAndCutBytesAreReadOrRefusedButNeverCrash() throws {
        let json = try card.json()
        var refused = 0
        for at in json.indices {
            var flipped = json
            flipped[at] ^= UInt8(1 << (at % 8))
            do { _ = try ModelCard(json: flipped) } catch { refused += 1 }
            #expect(throws: ScoringError.self) { try ModelCard(json: Array(json[..<at])) }
        }
        // Digits may flip into other digits; the bulk is names and structure.
        #expect(refused > json.count / 2)
    }
}
