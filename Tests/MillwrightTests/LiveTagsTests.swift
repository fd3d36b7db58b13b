import Plant
import Store
import Testing
import Watch

@testable import millwright

@Suite struct LiveTagsTests {
    static let tags: [String: (id: TagID, definition: TagDefinition)] = Dictionary(
        uniqueKeysWithValues: ["a.speed", "a.temp", "b.speed"].enumerated().map { index, name in
            (name, (TagID(rawValue: Int32(index)), TagDefinition(name: name, unit: "rpm", kind: .number)))
        })

    static func stored(
        _ tag: Int32, _ value: Sample.Value, at seconds: Int64, quality: Quality = .good, isThisBoot: Bool = true
    ) -> StoredSample {
        StoredSample(
            id: seconds,
            sample: Sample(
                tag: TagID(rawValue: tag), value: value, quality: quality,
                arrival: WallTime(nanoseconds: 1_800_000_000_000_000_000),
                monotonic: MonotonicTime(nanoseconds: seconds * 1_000_000_000)), isThisBoot: isThisBoot)
    }

    func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func onlyTheTagsOfThePatternAreFollowedWithTheirNewestValue() throws {
        var live = LiveTags([try #require(TagPattern("*.speed"))])
        live.take(Self.tags)
        let shown = live.take(
            [
                Self.stored(0, .number(1), at: 1), Self.stored(1, .number(2), at: 2), Self.stored(0, .number(3), at: 3),
                Self.stored(0, .number(2), at: 4, quality: .uncertain(.outOfOrder)),
            ], at: time(5))
        #expect(shown.map(\.sample.id) == [1, 3, 4] && shown.last?.row.quality == "uncertain (out_of_order)")
        let rows = live.rows(at: time(5))
        #expect(rows.map(\.tag) == ["a.speed", "b.speed"])
        #expect(rows[0].value == "3.0" && rows[0].age_s == 2 && rows[0].quality == "good")
        #expect(rows[1].value == nil && rows[1].age_s == -1)
    }

    @Test func theRateIsThatOfTheLastSecondsAndTheAgeGrows() {
        var live = LiveTags([])
        live.take(Self.tags)
        _ = live.rows(at: time(0))
        for second in 1...100 {
            _ = live.take((0..<4).map { _ in Self.stored(0, .number(1), at: Int64(second)) }, at: time(Int64(second)))
            _ = live.rows(at: time(Int64(second)))
        }
        #expect(live.rows(at: time(101))[0].rate_hz > 3)
        for second in 102...200 { _ = live.rows(at: time(Int64(second))) }
        let row = live.rows(at: time(201))[0]
        #expect(row.rate_hz < 0.01 && row.age_s == 101)
    }

    @Test func aValueOfAnEarlierRunOfTheMachineHasNoAge() {
        var live = LiveTags([])
        live.take(Self.tags)
        _ = live.take([Self.stored(0, .text("idle"), at: 500, isThisBoot: false)], at: time(5))
        let row = live.rows(at: time(5))[0]
        #expect(row.age_s == -1 && row.value == "idle")
    }
}
