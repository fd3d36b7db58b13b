import Plant
import Store
import TestBench
import Testing

@Suite struct SampleTests {
    @Test func aLossOfUnknownSizeIsAGapSinceTheNewestSample() async throws {
        let fixture = try await Fixture()
        let stored = fixture.clock.wall()
        try await fixture.store.store(fixture.batch([1, 2]))
        fixture.clock.advance(by: .seconds(90))
        try await fixture.store.recordLoss(link: "plc-1", since: nil)
        fixture.clock.advance(by: .seconds(3_600))
        let since = fixture.clock.wall()
        fixture.clock.advance(by: .seconds(10))
        try await fixture.store.recordLoss(link: "plc-1", since: since)
        #expect(
            try await fixture.store.gaps() == [
                Gap(subject: "link:plc-1", from: stored, to: stored + .seconds(90), count: 0, reason: .sessionLost),
                Gap(subject: "link:plc-1", from: since, to: since + .seconds(10), count: 0, reason: .sessionLost),
            ])
    }

    @Test func whatWasStoredComesBackAfterReopening() async throws {
        var fixture = try await Fixture()
        var missing = fixture.sample(0, quality: .bad(.modbusException(2)))
        missing.value = .none
        missing.sourceTime = nil
        let range = try await fixture.store.commit(
            SampleBatch(
                link: "plc-1",
                samples: [
                    fixture.sample(-0.0), fixture.window(0.5), missing,
                    fixture.sample(1e300, quality: .uncertain(.stale)),
                ]))
        #expect(range == 1...4)
        fixture = try await fixture.reopened()
        let all = try await fixture.everything()
        #expect(all.map(\.id) == [1, 2, 3, 4])
        #expect(all[0].sample.value == .number(0) && all[0].sample.quality == .good)
        #expect(all[0].sample.sourceTime == fixture.clock.wall() + .milliseconds(-3))
        #expect(all[1].sample.value == .waveform((0..<64).map { 0.5 + Float($0) }))
        #expect(all[1].sample.sourceTime == nil && all[1].sample.arrival == fixture.clock.wall())
        #expect(all[2].sample.value == .none && all[2].sample.quality == .bad(.modbusException(2)))
        #expect(all[3].sample.value == .number(1e300) && all[3].sample.quality == .uncertain(.stale))
        #expect(all.allSatisfy { $0.isThisBoot && $0.sample.monotonic == fixture.clock.monotonic() })
        await fixture.store.close()
    }

    @Test func aValueThatIsNoNumberIsKeptAsBad() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([.nan, .infinity]))
        let all = try await fixture.everything()
        #expect(all.map(\.sample.value) == [.none, .none])
        #expect(all.allSatisfy { $0.sample.quality == .bad(.notFinite) })
    }

    @Test func textsAndTheClocksConfidenceAreKept() async throws {
        var fixture = try await Fixture()
        let recipe = TagDefinition(name: "mixer.recipe", unit: "", kind: .text)
        let tag = try await fixture.store.tagID(for: recipe)
        func sample(_ text: String, _ clock: ClockConfidence) -> Sample {
            Sample(
                tag: tag, value: .text(text), quality: .good, arrival: fixture.clock.wall(),
                monotonic: fixture.clock.monotonic(), clock: clock)
        }
        let long = String(repeating: "配", count: 2_000)
        try await fixture.store.store(
            SampleBatch(
                link: "a",
                samples: [sample("PVC 7", .synchronized), sample("", .implausible), sample(long, .free)]))
        var wrong = fixture.sample(1)
        wrong.tag = tag
        let refused = SampleBatch(link: "a", samples: [wrong])
        let store = fixture.store
        let error = await #expect(throws: StoreError.self) { try await store.commit(refused) }
        #expect(error?.code == "store.wrong_kind")
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.tags()["mixer.recipe"]?.definition == recipe)
        let all = try await fixture.everything().map(\.sample)
        // Cut after the last whole character within 4,096 bytes: 1,365 characters of three.
        #expect(all.map(\.value) == [.text("PVC 7"), .text(""), .text(String(long.prefix(1_365)))])
        #expect(all.map(\.clock) == [.synchronized, .implausible, .free])
        // A damaged text is left out and put aside.
        try fixture.tamper("UPDATE texts SET text='PVC 8' WHERE sample_id=1")
        #expect(try await fixture.everything().map(\.id) == [2, 3])
        #expect(try await fixture.store.statistics().quarantined == 1)
    }

    @Test func samplesOfAnEarlierRunOfTheMachineAreToldApart() async throws {
        var fixture = try await Fixture(bootID: "first")
        try await fixture.store.store(fixture.batch([1]))
        fixture = try await fixture.reopened(bootID: "second")
        try await fixture.store.store(fixture.batch([2]))
        #expect(try await fixture.everything().map(\.isThisBoot) == [false, true])
    }

    @Test func aBatchThatCannotBeStoredHarmsNoOther() async throws {
        let fixture = try await Fixture()
        let wrong = Sample(
            tag: TagID(rawValue: 99), value: .number(1), quality: .good, arrival: fixture.clock.wall(),
            monotonic: fixture.clock.monotonic())
        var wrongKind = fixture.sample(1)
        wrongKind.tag = fixture.waveform
        let (store, good) = (fixture.store, fixture.batch([1, 2, 3]))
        let refused = [
            SampleBatch(link: "a", samples: [fixture.sample(7), wrong]), SampleBatch(link: "a", samples: [wrongKind]),
        ]
        let codes = await withTaskGroup { group in
            for batch in refused + [good] {
                group.addTask { () -> String in
                    do throws(StoreError) { return try await store.commit(batch) == nil ? "none" : "stored" } catch {
                        return error.code
                    }
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }.sorted()
        }
        #expect(codes == ["store.unknown_tag", "store.wrong_kind", "stored"])
        #expect(try await fixture.everything().compactMap(\.sample.value.asNumber) == [1, 2, 3])
    }

    @Test func pagesGoThroughEverythingOnce() async throws {
        let fixture = try await Fixture()
        for start in stride(from: 0, to: 500, by: 50) {
            try await fixture.store.store(fixture.batch((start..<start + 50).map(Double.init)))
        }
        #expect(
            try await fixture.everything(pageRows: 7).compactMap(\.sample.value.asNumber) == (0..<500).map(Double.init))
        let end = try await fixture.store.samples(after: 500, limit: 10)
        #expect(end.samples.isEmpty && end.isEnd && end.through == 500)
    }

    @Test func aPageOfSomeTagsGoesOnBehindTheOthers() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let mixed = (0..<20).map { $0 % 5 == 0 ? fixture.window(Float($0)) : fixture.sample(1) }
        try await store.store(SampleBatch(link: "a", samples: mixed))
        let first = try await store.samples(after: 0, limit: 3, of: [fixture.waveform])
        #expect(first.samples.map(\.id) == [1, 6, 11] && first.through == 11 && !first.isEnd)
        let last = try await store.samples(after: first.through, limit: 3, of: [fixture.waveform])
        #expect(last.samples.map(\.id) == [16] && last.through == 20 && last.isEnd)
        let none = try await store.samples(after: 0, limit: 3, of: [])
        #expect(none.samples.isEmpty && none.through == 20 && none.isEnd)
        // A cursor from before the samples went.
        #expect(try await store.samples(after: 50, limit: 3, of: []).through == 50)
    }

    @Test func theNewestSampleOfATagIsKnownAtOnceAndAfterReopening() async throws {
        var fixture = try await Fixture()
        #expect(try await fixture.store.latest(fixture.number) == nil)
        try await fixture.store.store(
            SampleBatch(link: "a", samples: [fixture.sample(1), fixture.window(2), fixture.sample(3)]))
        #expect(try await fixture.store.latest(fixture.number)?.sample.value == .number(3))
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.latest(fixture.number)?.sample.value == .number(3))
        #expect(try await fixture.store.latest(fixture.waveform)?.id == 2)
    }

    @Test func aTagKeepsItsNumberAndAChangedOneGetsANewOne() async throws {
        var fixture = try await Fixture()
        let store = fixture.store
        #expect(try await store.tagID(for: Fixture.numberTag) == fixture.number)
        try await store.store(fixture.batch([1_450]))
        var changed = Fixture.numberTag
        changed.unit = "Hz"
        let second = try await store.tagID(for: changed)
        #expect(second != fixture.number)
        #expect(try await store.tags()["pump-7.speed"]?.id == second)
        // History stays under the number and unit that it was measured in.
        #expect(try await store.samples(after: 0, limit: 10).samples.first?.sample.tag == fixture.number)
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.tags()["pump-7.speed"]?.definition == Fixture.numberTag)
        #expect(fixture.number.rawValue > second.rawValue)
    }

    @Test func historyOfATagIsFoundByTime() async throws {
        let fixture = try await Fixture()
        let start = fixture.clock.wall()
        for value in 0..<100 {
            let numbers = (0..<99).map { fixture.sample(Double(value * 99 + $0)) }
            try await fixture.store.store(SampleBatch(link: "a", samples: numbers + [fixture.window(Float(value))]))
            fixture.clock.advance(by: .seconds(1))
        }
        func windows() async throws -> [Sample.Value] {
            try await fixture.store.history(
                fixture.waveform, from: start + .seconds(40), to: start + .seconds(43), limit: 100
            ).samples.map(\.sample.value)
        }
        let expected = (40..<43).map { first in Sample.Value.waveform((0..<64).map { Float(first) + Float($0) }) }
        #expect(try await windows() == expected)
        let all = try await fixture.store.history(
            fixture.waveform, from: start, to: start + .seconds(1_000), limit: 1_000)
        #expect(all.samples.count == 100)
    }

    @Test func numbersAreNeverGivenTwice() async throws {
        var fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1, 2, 3]))
        try fixture.tamper("DELETE FROM chunks")
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.commit(fixture.batch([4])) == 4...4)
    }
}
