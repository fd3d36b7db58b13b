import Plant
import TestBench
import Testing

@testable import Store

/// A box that gets samples again after days without any: everything is packed, or too old at once.
@Suite struct LongRestTests {
    @Test func aReaderByNumberGoesOnWhenEverythingIsPacked() async throws {
        let fixture = try await Fixture(limits: HistoryTests.limits())
        let store = fixture.store
        try await store.store(fixture.batch((0..<100).map(Double.init)))
        fixture.clock.advance(by: .seconds(2 * 86_400))
        try await HistoryTests.pack(store)
        #expect(try await store.statistics().archivedSamples == 100)
        var (cursor, read) = (Int64(0), [Sample.Value]())
        // Again packed to the last before it is read on: what was unpacked for the reader is older.
        for round in 0..<3 {
            while true {
                let page = try await store.samples(after: cursor, limit: 30)
                #expect(page.through <= (try await store.statistics().lastSample))
                read += page.samples.map(\.sample.value)
                cursor = page.through
                if page.isEnd { break }
            }
            let first = 100 + round * 10
            #expect(read == (0..<first).map { .number(Double($0)) })
            try await store.store(fixture.batch((first..<first + 10).map(Double.init)))
            fixture.clock.advance(by: .seconds(2 * 86_400))
            try await HistoryTests.pack(store)
        }
    }

    @Test func whatIsTooOldIsPackedBeforeItGoes() async throws {
        var limits = HistoryTests.limits()
        limits.tagsPerPlan = 1
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        // More than one call of housekeeping packs.
        var tags: [TagID] = []
        for index in 0..<100 {
            tags.append(
                try await store.tagID(for: TagDefinition(name: "tag-\(index)", unit: "degC", kind: .number)))
        }
        try await store.store(
            SampleBatch(
                link: "a",
                samples: tags.map {
                    Sample(
                        tag: $0, value: .number(7), quality: .good, arrival: fixture.clock.wall(),
                        monotonic: fixture.clock.monotonic())
                }))
        let stored = fixture.clock.wall()
        fixture.clock.advance(by: .seconds(31 * 86_400))
        try await HistoryTests.pack(store)
        #expect(try await store.statistics().samples == 0)
        for tag in tags {
            let hours = try await store.rollups(tag, .hour, from: stored + .seconds(-3_600), to: stored + .seconds(1))
            #expect(hours.map(\.rollup.sum) == [7])
        }
    }
}
