import Plant
import Testing
import Watch

@Suite struct SilenceTests {
    static let silence = TagWatch.Silence(link: "link", tag: Field.tag)

    static func rule(_ silence: WatchRule.Silence) -> WatchRule {
        var rule = WatchRule()
        rule.silence = silence
        return rule
    }

    @Test func aTagThatFallsSilentIsReportedOnceAndGoesOnWithItsNextValue() {
        var field = Field(Self.rule(.after(.seconds(10))))
        #expect(field.play([1, 2, 3]).allSatisfy { $0 == .fine })
        #expect(field.wait(.milliseconds(9_500)) == [])
        #expect(field.wait(.milliseconds(500)) == [Self.silence])
        #expect(field.wait(.seconds(3_600)) == [])
        #expect(field.watch.silentNow == 1)
        #expect(field.send(4) == .fine)
        #expect(field.watch.silentNow == 0)
        #expect(field.wait(.seconds(10)) == [Self.silence])
    }

    @Test func aTagThatNeverSpeaksIsSilentToo() {
        var field = Field(Self.rule(.after(.seconds(10))))
        #expect(field.wait(.seconds(20)).map(\.tag) == [Field.tag])
    }

    @Test func aPolledTagHasThreeScansButAtLeastFiveSeconds() {
        var slow = Field(scan: .seconds(60))
        _ = slow.send(1)
        #expect(slow.wait(.milliseconds(179_500)) == [])
        #expect(slow.wait(.milliseconds(500)) == [Self.silence])
        var fast = Field(scan: .milliseconds(20))
        _ = fast.send(1)
        #expect(fast.wait(.milliseconds(4_500)) == [])
        #expect(fast.wait(.milliseconds(500)) == [Self.silence])
        var pushed = Field()
        _ = pushed.send(1)
        #expect(pushed.wait(.seconds(3_600)) == [])
    }

    @Test func whoIsMarkedBadAlreadyIsNotMarkedAgain() {
        var field = Field(Self.rule(.after(.seconds(5))))
        _ = field.send(1)
        #expect(field.send([field.sample(.none, quality: .bad(.notConnected))]).count == 1)
        #expect(field.wait(.seconds(60)) == [])
        #expect(field.send(1) == .fine)
        #expect(field.wait(.seconds(5)) == [Self.silence])
    }

    @Test func aValueOfAnyAgeIsNoSignOfLife() {
        var field = Field(Self.rule(.after(.seconds(5))))
        _ = field.send(1)
        for _ in 0..<4 {
            #expect(field.wait(.seconds(1)) == [])
            #expect(field.send(1, quality: .uncertain(.stale)) == .uncertain(.stale))
        }
        #expect(field.wait(.seconds(1)) == [Self.silence])
    }

    @Test func stepsOfTheWallClockAreNothing() {
        var field = Field(Self.rule(.after(.seconds(10))))
        for step in [86_400.0, -3_600, -1_800_000_000, 4_000_000_000] {
            field.wall = WallTime(seconds: field.wall.seconds + step)
            #expect(field.send(1) == .fine)
            #expect(field.wait(.seconds(9)) == [])
        }
    }

    @Test func afterASleepEveryTagHasItsTimeAgain() {
        var field = Field(Self.rule(.after(.seconds(10))))
        _ = field.send(1)
        #expect(field.wait(.seconds(4)) == [])
        field.pass(.seconds(40_000))
        #expect(field.silent() == [])
        #expect(field.wait(.milliseconds(5_500)) == [])
        #expect(field.wait(.milliseconds(500)) == [Self.silence])
    }

    @Test func aLearnedSilenceGoesByTheLongestPauses() {
        var field = Field(Self.rule(.learned))
        // A value every ten seconds, every fifth one late by ten.
        for index in 0..<100 {
            #expect(field.wait(.seconds(index % 5 == 0 ? 20 : 10)) == [])
            _ = field.send(Double(index))
        }
        #expect(field.wait(.seconds(45)) == [])
        #expect(field.wait(.seconds(15)) == [Self.silence])
    }

    @Test func aLearnedSilenceOutlivesAnOutageAndABurst() {
        var field = Field(Self.rule(.learned))
        for index in 0..<50 {
            #expect(field.wait(.seconds(10)) == [])
            _ = field.send(Double(index))
        }
        #expect(field.wait(.seconds(3_600)) == [Self.silence])
        for index in 0..<360 { _ = field.send(Double(index)) }
        for index in 0..<50 {
            #expect(field.wait(.seconds(10)) == [], "value \(index)")
            _ = field.send(Double(index))
        }
        #expect(field.wait(.seconds(130)) == [Self.silence])
    }

    @Test func whatTheStoreRefusedIsReportedAgain() {
        var field = Field(Self.rule(.after(.seconds(5))))
        _ = field.send(1)
        let silent = field.wait(.seconds(5))
        #expect(silent == [Self.silence])
        field.watch.remind(silent)
        #expect(field.found["stale"] == nil)
        #expect(field.wait(.milliseconds(500)) == silent)
        // Unless a value came meanwhile.
        _ = field.send(2)
        field.watch.remind(silent)
        #expect(field.wait(.milliseconds(4_500)) == [])
    }

    @Test func changedRulesCountFromTheLastValue() {
        var field = Field(Self.rule(.after(.seconds(10))))
        _ = field.send(1)
        #expect(field.wait(.seconds(6)) == [])
        let rules = Field.rules(Self.rule(.after(.seconds(5))))
        field.watch.configure(rules: rules, scans: [:], at: field.steady) { _ in true }
        #expect(field.silent() == [Self.silence])
    }

    @Test func aTagThatNoLinkBringsAnyMoreIsNotMissed() {
        let rule = Self.rule(.after(.seconds(5)))
        var field = Field(rule)
        _ = field.send(1)
        field.watch.configure(rules: Field.rules(rule), scans: [:], at: field.steady) { _ in false }
        #expect(field.wait(.seconds(60)) == [])
    }

    @Test func tenThousandTagsAreEachReportedOnceAndInTime() {
        var field = Field(Self.rule(.after(.seconds(30))))
        for number in 100..<10_100 {
            field.watch.watch(TagID(rawValue: Int32(number)), name: "t\(number)", at: field.steady)
        }
        // Each speaks once, spread over twenty seconds.
        var (spoken, silent) = ([TagID: MonotonicTime](), [TagID: MonotonicTime]())
        for tick in 0..<160 {
            field.pass(.milliseconds(500))
            for one in field.silent() { #expect(silent.updateValue(field.steady, forKey: one.tag) == nil) }
            guard tick < 40 else { continue }
            let tags = (0..<250).map { TagID(rawValue: Int32(100 + tick * 250 + $0)) }
            for tag in tags { spoken[tag] = field.steady }
            _ = field.send(tags.map { field.sample(.number(1), tag: $0) })
        }
        #expect(spoken.count == 10_000 && silent.count == 10_001)
        #expect(spoken.allSatisfy { tag, at in silent[tag].map { $0 - at } == .seconds(30) })
    }
}
