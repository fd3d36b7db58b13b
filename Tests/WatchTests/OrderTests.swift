import Plant
import Testing
import Watch

@Suite struct OrderTests {
    func time(_ seconds: Double) -> WallTime { Field.start + .milliseconds(seconds * 1_000) }

    @Test func anOlderValueIsKeptAsUncertainAndDisturbsNothing() {
        var rule = WatchRule()
        rule.stillness = .values(4)
        var field = Field(rule)
        #expect(field.send(1, source: time(1)) == .fine)
        #expect(field.send(1, source: time(3)) == .fine)
        #expect(field.send(9, source: time(2)) == .older)
        #expect(field.send(1, source: time(4)) == .fine)
        // The fourth equal one in order, although another stood between.
        #expect(field.send(1, source: time(5)) == .stuck)
        #expect(field.found == ["out_of_order": 1, "stuck": 1])
    }

    @Test func theSameValueForTheSameTimeIsLeftOutAndAnotherOneIsKept() {
        var field = Field()
        #expect(field.send(1, source: time(1)) == .fine)
        #expect(field.send(1, source: time(1)) == nil)
        #expect(field.send(2, source: time(1)) == .older)
        #expect(field.send(2, source: time(2)) == .fine)
        #expect(field.found == ["duplicate": 1, "out_of_order": 1])
        // Another quality is another statement of the source.
        #expect(field.send(2, quality: .bad(.source), source: time(2)) == .bad(.source))
    }

    @Test func duplicatesAreKeptWhereTheRuleSaysSo() {
        var rule = WatchRule()
        rule.duplicates = .keep
        var field = Field(rule)
        #expect(field.send(1, source: time(1)) == .fine)
        #expect(field.send(1, source: time(1)) == .fine)
    }

    @Test func duplicatesOfTextsAndWaveformsAreFoundByTheirContent() {
        var field = Field()
        for value: Sample.Value in [.text("recipe 7"), .waveform([1, 2, 3]), .none] {
            field.pass(.seconds(1))
            let sample = field.sample(value, source: field.wall)
            #expect(field.send([sample, sample]).count == 1)
        }
        field.pass(.seconds(1))
        let (one, other) = (Sample.Value.waveform([1, 2, 3]), Sample.Value.waveform([1, 3, 2]))
        #expect(field.send([field.sample(one, source: field.wall)]).first?.quality == .good)
        #expect(field.send([field.sample(other, source: field.wall)]).first?.quality == .uncertain(.outOfOrder))
    }

    @Test func aSourceWithCoarseTimesIsBelievedAfterAFewValues() {
        var field = Field()
        var flagged = 0
        for index in 0..<1_000 {
            field.pass(.milliseconds(100))
            // Ten values a second with times in whole seconds.
            if field.send(Double(index), source: time(Double(index / 10))) != .fine { flagged += 1 }
        }
        #expect(flagged == 4)
        // Now that its times are known to be coarse, an equal value is no duplicate.
        #expect(field.send(999, source: time(99)) == .fine)
    }

    @Test func aDeviceThatWasSetBackIsBelievedAfterAFewSeconds() {
        var field = Field()
        #expect(field.send(0, source: time(500)) == .fine)
        let qualities = (0..<20).map { index in
            field.pass(.milliseconds(500))
            return field.send(Double(index), source: time(Double(index) / 2))
        }
        // Eight values at two a second, and all that follow are right again.
        #expect(qualities.prefix(7).allSatisfy { $0 == .older })
        #expect(qualities.dropFirst(7).allSatisfy { $0 == .fine })
        #expect(field.found == ["new_timeline": 1, "out_of_order": 7])
    }

    @Test func whatWasHeldUpAndComesAllAtOnceIsNoNewTimeline() {
        var field = Field()
        #expect(field.send(0, source: time(500)) == .fine)
        for index in 0..<500 {
            field.pass(.milliseconds(10))
            #expect(field.send(Double(index), source: time(Double(index))) == .older)
        }
        #expect(field.send(1, source: time(501)) == .fine)
    }

    @Test func whatWasHeldUpAndComesBetweenNewValuesIsNoNewTimeline() {
        var field = Field()
        for index in 0..<200 {
            field.pass(.seconds(1))
            #expect(field.send(1, source: time(500 + Double(index))) == .fine)
            #expect(field.send(2, source: time(Double(index))) == .older)
        }
    }

    @Test func aClockOnceFarAheadDoesNotCondemnTheTagForEver() {
        var field = Field()
        field.clock = .free
        #expect(field.send(0, source: time(86_400)) == .fine)
        for index in 0..<30 {
            field.pass(.seconds(1))
            #expect(field.send(Double(index), source: field.wall) == (index < 7 ? .older : .fine))
        }
    }

    struct SourceClock: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var source: WallTime
        var clock: ClockConfidence
        var isWrong: Bool

        init(_ name: String, _ nanoseconds: Int64, _ clock: ClockConfidence, isWrong: Bool) {
            (testDescription, self.clock, self.isWrong) = (name, clock, isWrong)
            source = WallTime(nanoseconds: nanoseconds)
        }
    }

    static let zoneAhead = Field.start.nanoseconds + 8 * 3_600_000_000_000

    static let clocks = [
        SourceClock("1970", 12_000_000_000, .synchronized, isWrong: true),
        SourceClock("1970, and our clock, too", 12_000_000_000, .implausible, isWrong: true),
        SourceClock("1999", 946_684_799_999_999_999, .free, isWrong: true),
        SourceClock("2000", 946_684_800_000_000_000, .free, isWrong: false),
        SourceClock("a time zone ahead", zoneAhead, .synchronized, isWrong: true),
        SourceClock("a time zone ahead of a clock that nobody keeps", zoneAhead, .free, isWrong: false),
        SourceClock("ten minutes ahead", Field.start.nanoseconds + 600_000_000_000, .synchronized, isWrong: false),
        SourceClock("2262", .max, .synchronized, isWrong: true),
        SourceClock("1677", .min, .synchronized, isWrong: true),
    ]

    @Test(arguments: clocks) func aTimeThatCannotBeRightIsKeptButNotUsed(_ one: SourceClock) throws {
        var field = Field()
        field.clock = one.clock
        let stored = try #require(field.send([field.sample(.number(1), source: one.source)]).first)
        #expect(stored.quality == (one.isWrong ? .uncertain(.wrongClock) : .good))
        #expect(stored.sourceTime == one.source && stored.clock == one.clock)
        #expect(stored.time == (one.isWrong ? field.wall : one.source))
    }

    @Test func aWrongTimeDoesNotTakePartInTheOrder() {
        var field = Field()
        #expect(field.send(1, source: time(1)) == .fine)
        #expect(field.send(1, source: WallTime(nanoseconds: 0)) == .uncertain(.wrongClock))
        #expect(field.send(1, source: time(86_400)) == .uncertain(.wrongClock))
        #expect(field.send(1, source: time(2)) == .fine)
    }

    @Test func aBadValueWithAWrongTimeIsFoundByItsArrival() throws {
        var field = Field()
        let stored = try #require(
            field.send([field.sample(.none, quality: .bad(.source), source: WallTime(nanoseconds: 0))]).first)
        #expect(stored.quality == .bad(.source) && stored.time == field.wall)
    }

    @Test func aValueOlderThanTheRuleAllowsIsStale() {
        var rule = WatchRule()
        rule.late = .seconds(60)
        var field = Field(rule)
        #expect(field.send(1, source: time(-61)) == .uncertain(.stale))
        #expect(field.send(1, source: time(-60)) == .fine)
        // Who knows which of the two clocks is right.
        field.clock = .free
        field.pass(.seconds(3_600))
        #expect(field.send(1, source: time(0)) == .fine)
    }
}
