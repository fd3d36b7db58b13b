import Plant
import Seeded
import Store
import TestBench
import Testing

@Suite struct RetentionTests {
    /// Calls until nothing is left to do.
    func maintain(_ store: Store) async throws -> Int64 {
        var retired: Int64 = 0
        while true {
            let report = try await store.maintain()
            retired += report.retiredSamples
            if report.isDone { return retired }
        }
    }

    @Test func samplesGoByAge() async throws {
        var limits = Fixture.smallLimits
        limits.maximumAge = .seconds(3_600)
        let fixture = try await Fixture(limits: limits)
        for minute in 0..<120 {
            try await fixture.store.store(
                SampleBatch(
                    link: "a", samples: (0..<49).map { fixture.sample(Double(minute * 100 + $0)) } + [fixture.window(1)]
                ))
            fixture.clock.advance(by: .seconds(60))
            _ = try await fixture.store.maintain()
        }
        #expect(try await maintain(fixture.store) == 0)
        let rest = try await fixture.everything()
        #expect(rest.count == 60 * 50 && rest.first?.sample.value == .number(6_000))
        #expect(rest.filter { $0.sample.tag == fixture.waveform }.count == 60)
        #expect(try await fixture.store.statistics().counters.retired == 60 * 50)
    }

    /// Hours of every tag stay when its samples go, and minutes of those that have more than one sample in a minute: of
    /// others they would take more room than the samples did.
    @Test(arguments: [1, 10]) func rollupsStayWhenSamplesGo(perMinute: Int) async throws {
        var limits = Fixture.smallLimits
        limits.maximumAge = .seconds(7_200)
        let fixture = try await Fixture(limits: limits)
        let start = fixture.clock.wall()
        for minute in 0..<600 {
            try await fixture.store.store(fixture.batch((0..<perMinute).map { Double(minute * 100 + $0) }))
            fixture.clock.advance(by: .seconds(60))
            _ = try await maintain(fixture.store)
        }
        #expect(try await fixture.everything().count < 130 * perMinute)
        #expect(try await fixture.store.statistics().counters.retired > 470 * perMinute)
        func count(_ width: RollupWidth) async throws -> UInt64 {
            try await fixture.store.rollups(
                fixture.number, width, from: start + .seconds(-7_200), to: fixture.clock.wall()
            ).reduce(0) { $0 + $1.rollup.good }
        }
        #expect(try await count(.hour) == 600 * perMinute)
        let minutes = try await count(.minute)
        #expect(perMinute == 1 ? minutes < 130 : minutes == 600 * perMinute)
    }

    /// A host that is away for longer than samples are kept: they go unread, told as a gap, and what was made of them stays.
    @Test func whatAReaderHoldsBackGoesByAgeAndLeavesItsRollups() async throws {
        var limits = Fixture.smallLimits
        limits.maximumAge = .seconds(7_200)
        let fixture = try await Fixture(limits: limits)
        let start = fixture.clock.wall()
        await fixture.store.note(reader: "host", through: 0)
        for minute in 0..<600 {
            try await fixture.store.store(fixture.batch([Double(minute), Double(minute) + 0.5]))
            fixture.clock.advance(by: .seconds(60))
            _ = try await maintain(fixture.store)
        }
        let retired = try await fixture.store.statistics().counters.retired
        #expect(retired > 900)
        let hours = try await fixture.store.rollups(
            fixture.number, .hour, from: start + .seconds(-7_200), to: fixture.clock.wall())
        #expect(hours.reduce(0) { $0 + $1.rollup.good } == 1_200)
        let gaps = try await fixture.store.gaps().filter { $0.subject == "reader:host" }
        #expect(gaps.reduce(0) { $0 + $1.count } == retired)
    }

    /// While a run is packed its samples are in blocks and in chunks: neither goes without the other.
    @Test func whatGoesBySizeGoesByNumberAndByTagAtOnce() async throws {
        var limits = Fixture.smallLimits
        limits.maximumBytes = 1 << 20
        limits.tagsPerPlan = 1
        let fixture = try await Fixture(limits: limits)
        var tags: [TagID] = []
        for index in 0..<150 {
            tags.append(
                try await fixture.store.tagID(for: TagDefinition(name: "t\(index)", unit: "", kind: .number)))
        }
        var random = SplitMix64(seed: 9)
        var (unfinished, retired) = (0, Int64(0))
        for round in 0..<30 {
            for _ in 0..<12 {
                // Noise, which packs badly.
                let samples = tags.map { tag in
                    var sample = fixture.sample(Double(random.next() >> 11))
                    sample.tag = tag
                    return sample
                }
                try await fixture.store.store(SampleBatch(link: "a", samples: samples))
            }
            fixture.clock.advance(by: .seconds(1))
            let report = try await fixture.store.maintain()
            unfinished += report.isDone ? 0 : 1
            retired += report.retiredSamples
            let all = try await fixture.everything()
            #expect(try await fixture.store.statistics().samples == all.count)
            let byNumber = Dictionary(grouping: all, by: \.sample.tag)
            for tag in tags where Int(tag.rawValue) % 10 == round % 10 {
                let byTag = try await fixture.store.history(
                    tag, from: fixture.clock.wall() + .seconds(-3_600), to: fixture.clock.wall() + .seconds(1),
                    limit: 10_000)
                let isSame = byTag.samples.map(\.id) == (byNumber[tag] ?? []).map(\.id)
                #expect(isSame)
            }
        }
        #expect(unfinished > 10 && retired > 10_000)
    }

    @Test func samplesGoBySizeAndTheFileStopsGrowing() async throws {
        var limits = Fixture.smallLimits
        limits.maximumBytes = 2 << 20
        let fixture = try await Fixture(limits: limits)
        var largest: Int64 = 0
        let start = fixture.clock.wall()
        var random = SplitMix64(seed: 4)
        for _ in 0..<120 {
            // Noise, which packs badly.
            try await fixture.store.store(fixture.batch((0..<4_000).map { _ in Double(random.next() >> 11) }))
            fixture.clock.advance(by: .seconds(1))
            _ = try await maintain(fixture.store)
            largest = max(largest, try await fixture.store.statistics().databaseBytes)
        }
        let statistics = try await fixture.store.statistics()
        #expect(largest <= limits.maximumBytes * 5 / 4)
        #expect(statistics.samples > 60_000 && statistics.samples < 300_000)
        #expect(statistics.lastSample == 480_000)
        let page = try await fixture.store.samples(after: 0, limit: 1)
        #expect(page.samples.first?.id == 480_000 - statistics.samples + 1)
        // What was made of the samples stays when they go.
        let hours = try await fixture.store.rollups(
            fixture.number, .hour, from: start + .seconds(-7_200), to: fixture.clock.wall())
        #expect(hours.reduce(0) { $0 + $1.rollup.good } == 480_000)
    }

    @Test func aClockThatJumpsDeletesNothing() async throws {
        var limits = Fixture.smallLimits
        limits.maximumAge = .seconds(3_600)
        let fixture = try await Fixture(limits: limits)
        let real = fixture.clock.wall()
        // Started with a dead clock.
        fixture.clock.step(wallTo: WallTime(nanoseconds: 5_000_000_000))
        try await fixture.store.store(fixture.batch([1, 2]))
        #expect(try await maintain(fixture.store) == 0)
        // The time server answers: the rows from 1970 are a minute old, not half a century.
        fixture.clock.advance(by: .seconds(60))
        fixture.clock.step(wallTo: real)
        #expect(try await maintain(fixture.store) == 0)
        try await fixture.store.store(fixture.batch([3]))
        fixture.clock.advance(by: .seconds(86_500))
        #expect(try await maintain(fixture.store) == 3)
        // A jump into the future that somebody takes back within a day.
        try await fixture.store.store(fixture.batch([4]))
        let now = fixture.clock.wall()
        fixture.clock.step(wallTo: now + .seconds(10 * 86_400))
        #expect(try await maintain(fixture.store) == 0)
        fixture.clock.step(wallTo: now)
        #expect(try await maintain(fixture.store) == 0)
        #expect(try await fixture.everything().compactMap(\.sample.value.asNumber) == [4])
    }
}
