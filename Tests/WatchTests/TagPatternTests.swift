import Testing
import Watch

@Suite struct TagPatternTests {
    struct Vector: Sendable {
        var pattern: String
        var name: String
        var matches: Bool
    }

    static let vectors = [
        Vector(pattern: "a.b", name: "a.b", matches: true), Vector(pattern: "a.b", name: "a.bc", matches: false),
        Vector(pattern: "*", name: "", matches: true), Vector(pattern: "*", name: "pump-7.speed", matches: true),
        Vector(pattern: "pump-*", name: "pump-7.speed", matches: true),
        Vector(pattern: "pump-*.speed", name: "pump-7.drive.speed", matches: true),
        Vector(pattern: "pump-*.speed", name: "pump-7.speed.raw", matches: false),
        Vector(pattern: "*.temp*", name: "hall.temperature", matches: true),
        Vector(pattern: "*a*b", name: "xaxbxb", matches: true), Vector(pattern: "*a*b", name: "xbxa", matches: false),
        Vector(pattern: "a**b", name: "ab", matches: true), Vector(pattern: "A", name: "a", matches: false),
    ]

    @Test(arguments: vectors) func aStarStandsForAnything(_ vector: Vector) throws {
        #expect(try #require(TagPattern(vector.pattern)).matches(vector.name) == vector.matches)
    }

    @Test func manyStarsTakeNoLongerThanTheProductOfBothLengths() throws {
        let pattern = try #require(TagPattern(String(repeating: "a*", count: 100)))
        #expect(!pattern.matches(String(repeating: "a", count: 99) + String(repeating: "b", count: 100_000)))
    }

    @Test func whatIsInNoTagNameIsNoPattern() {
        for text in ["", "a b", "a?", "ä", "[a]", String(repeating: "a", count: 201)] {
            #expect(TagPattern(text) == nil)
        }
        #expect(TagPattern("a.b")?.isName == true && TagPattern("a.*")?.isName == false)
    }

    @Test func theFirstRuleThatMatchesCounts() {
        var (first, second) = (WatchRule(), WatchRule())
        (first.largestStep, second.largestStep) = (1, 2)
        let rules = WatchRules([
            .init(patterns: [TagPattern("*.speed"), TagPattern("x")].compactMap(\.self), rule: first),
            .init(patterns: [TagPattern("*")].compactMap(\.self), rule: second),
        ])
        #expect(rules.rule(for: "a.speed") == first && rules.rule(for: "x") == first && rules.rule(for: "y") == second)
        #expect(WatchRules().rule(for: "y") == WatchRule())
    }
}
