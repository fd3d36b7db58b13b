import Plant
import Testing

@Suite("The plant's vocabulary")
struct VocabularyTests {
    @Test(arguments: [
        Quality.good, .uncertain(.stale), .bad(.notConnected), .bad(.modbusException(2)),
        .uncertain(.init(rawValue: 0xFFFF)),
        .bad(.init(rawValue: 0)),
    ])
    func aQualityComesBackFromItsCode(_ quality: Quality) {
        #expect(Quality(code: quality.code) == quality)
    }

    @Test func aNumberThatNoQualityHasIsRefused() {
        for code: Int32 in [1, 0xFFFF, 0x3_0000, -1, .max, .min, 0x10_0000] {
            #expect(Quality(code: code) == nil, "\(code)")
        }
    }

    @Test func causesSayTheirCode() {
        #expect("\(Quality.bad(.modbusException(2)))" == "bad (modbus.exception.2)")
        #expect("\(Quality.uncertain(.stale))" == "uncertain (stale)")
        #expect("\(Quality.Cause(rawValue: 99))" == "cause.99")
        #expect(Quality.good.isGood && !Quality.uncertain(.stale).isGood)
    }

    @Test(arguments: [
        ("press-3.spindle.vibration", true), ("7", true), ("line/2.x_y", true), ("", false), (".x", false),
        ("a b", false), ("轴", false),
        (String(repeating: "a", count: 200), true), (String(repeating: "a", count: 201), false), ("a\n", false),
        ("a\u{0}", false),
    ])
    func tagNames(_ name: String, _ isValid: Bool) {
        #expect(TagDefinition.isValid(name: name) == isValid)
    }

    @Test func unitsAreKnownOnce() {
        #expect(Set(Unit.known).count == Unit.known.count)
        #expect(Unit.known.contains("") && Unit.known.contains("mm/s"))
    }

    @Test func severitiesAreOrdered() {
        #expect(Severity.allCases.sorted() == [.advisory, .warning, .critical])
        #expect(Severity.critical > .advisory && !(Severity.warning < .warning))
    }

    @Test func aSamplesTimeIsTheSourcesWhereItGaveOne() {
        let arrival = WallTime(seconds: 10)
        var sample = Sample(
            tag: TagID(rawValue: 1), value: .number(1), quality: .good, arrival: arrival,
            monotonic: MonotonicTime(nanoseconds: 1))
        #expect(sample.time == arrival)
        sample.sourceTime = WallTime(seconds: 8)
        #expect(sample.time == WallTime(seconds: 8))
    }

    @Test func textsAreReadByLanguage() {
        let text = LocalizedText(english: "pump", chinese: "泵")
        #expect(Language.allCases.map { text[$0] } == ["pump", "泵"])
        #expect(Language(rawValue: "zh-CN") == .chinese)
    }
}
