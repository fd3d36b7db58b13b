import Plant
import Scoring
import Testing

@Suite struct ProcessJoinTests {
    let speed = TagID(rawValue: 1)
    let load = TagID(rawValue: 2)

    static func sample(
        _ tag: TagID, _ value: Sample.Value, at seconds: Double, quality: Quality = .good
    ) -> Sample {
        Sample(
            tag: tag, value: value, quality: quality, arrival: WallTime(seconds: seconds),
            monotonic: MonotonicTime(nanoseconds: 0))
    }

    func join(_ samples: Sample..., largestAge: Duration = .seconds(5)) -> ProcessJoin {
        var join = ProcessJoin(largestAge: largestAge)
        for sample in samples { join.take(sample) }
        return join
    }

    @Test func theLatestValueNotLaterThanTheWindowIsTaken() {
        let join = join(
            Self.sample(speed, .number(1), at: 10), Self.sample(speed, .number(2), at: 11),
            Self.sample(speed, .number(3), at: 12))
        #expect(join.value(of: speed, at: WallTime(seconds: 11.5)) == .value(2, age: .milliseconds(500)))
        #expect(join.value(of: speed, at: WallTime(seconds: 12)) == .value(3, age: .zero))
    }

    @Test func valuesMayComeOutOfOrder() {
        let join = join(
            Self.sample(speed, .number(3), at: 12), Self.sample(speed, .number(1), at: 10),
            Self.sample(speed, .number(2), at: 11))
        #expect(join.value(of: speed, at: WallTime(seconds: 13)) == .value(3, age: .seconds(1)))
        #expect(join.value(of: speed, at: WallTime(seconds: 11)) == .value(2, age: .zero))
    }

    @Test func anOldValueIsStaleAndAnUnknownTagMissing() {
        let join = join(Self.sample(speed, .number(1), at: 10))
        #expect(join.value(of: speed, at: WallTime(seconds: 15)) == .value(1, age: .seconds(5)))
        #expect(join.value(of: speed, at: WallTime(seconds: 16)) == .stale(age: .seconds(6)))
        #expect(join.value(of: load, at: WallTime(seconds: 10)) == .missing)
    }

    @Test func theSourceTimeCountsWhereThereIsOne() {
        var late = Self.sample(speed, .number(1), at: 20)
        late.sourceTime = WallTime(seconds: 10)
        #expect(join(late).value(of: speed, at: WallTime(seconds: 12)) == .value(1, age: .seconds(2)))
    }

    @Test func aValueShortlyAfterTheWindowStandsInWhereThereIsNone() {
        let join = join(Self.sample(speed, .number(1), at: 10), Self.sample(speed, .number(2), at: 10.5))
        #expect(join.value(of: speed, at: WallTime(seconds: 8)) == .value(1, age: .zero))
        #expect(join.value(of: speed, at: WallTime(seconds: 7)) == .missing)
    }

    @Test func badAndUncertainValuesAreNotPassedOverForOlderGoodOnes() {
        let bad = Self.sample(speed, .none, at: 11, quality: .bad(.timedOut))
        #expect(
            join(Self.sample(speed, .number(1), at: 10), bad).value(of: speed, at: WallTime(seconds: 12))
                == .notGood(.bad(.timedOut)))
        let uncertain = Self.sample(speed, .number(5), at: 11, quality: .uncertain(.stale))
        #expect(join(uncertain).value(of: speed, at: WallTime(seconds: 12)) == .notGood(.uncertain(.stale)))
        for number in [Double.nan, .infinity] {
            #expect(
                join(Self.sample(speed, .number(number), at: 11)).value(of: speed, at: WallTime(seconds: 11))
                    == .notGood(.bad(.notFinite)))
        }
        for value: Sample.Value in [.waveform([1]), .text("1500"), .none] {
            #expect(
                join(Self.sample(speed, value, at: 11)).value(of: speed, at: WallTime(seconds: 11))
                    == .notGood(.bad(.malformed)))
        }
    }

    @Test func whateverIsWrongWithAValueItIsNotUsed() {
        let causes: [Quality.Cause] = [.stale, .stuck, .noisy, .outOfOrder, .wrongClock, .source, .clamped]
        for quality in causes.flatMap({ [Quality.uncertain($0), .bad($0)] }) {
            var join = join(
                Self.sample(speed, .number(1), at: 10), Self.sample(speed, .number(2), at: 11, quality: quality))
            #expect(join.value(of: speed, at: WallTime(seconds: 12)) == .notGood(quality))
            join.take(Self.sample(speed, .number(3), at: 12))
            #expect(join.value(of: speed, at: WallTime(seconds: 12)) == .value(3, age: .zero))
        }
    }

    @Test func aValueWithAWrongTimeIsJoinedByItsArrival() {
        var wrong = Self.sample(speed, .number(2), at: 11, quality: .uncertain(.wrongClock))
        wrong.sourceTime = WallTime(seconds: 5)
        let join = join(Self.sample(speed, .number(1), at: 10), wrong)
        #expect(join.value(of: speed, at: WallTime(seconds: 12)) == .notGood(.uncertain(.wrongClock)))
    }

    @Test func aClockSetBackDoesNotLeaveTheFutureInTheWay() {
        var join = ProcessJoin(largestAge: .seconds(5))
        for second in 0..<200 { join.take(Self.sample(speed, .number(1), at: 100_000 + Double(second))) }
        join.take(Self.sample(speed, .number(2), at: 50))
        #expect(join.value(of: speed, at: WallTime(seconds: 50)) == .value(2, age: .zero))
    }

    @Test func onlyTheLatestArrivalsAreKept() {
        var join = ProcessJoin(largestAge: .seconds(1_000))
        for second in 0...ProcessJoin.history {
            join.take(Self.sample(speed, .number(Double(second)), at: Double(second)))
        }
        #expect(join.value(of: speed, at: WallTime(seconds: 0.5)) == .value(1, age: .zero))
        #expect(join.value(of: speed, at: WallTime(seconds: 1.5)) == .value(1, age: .milliseconds(500)))
    }
}
