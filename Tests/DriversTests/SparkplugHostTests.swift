import Plant
import Sparkplug
import TestBench
import Testing

@testable import Drivers

@Suite struct SparkplugHostWillTests {
    private func host(_ extra: String, _ clock: any PlantClock = ManualClock()) throws -> SparkplugHost {
        let link = try link("- { name: a, driver: sparkplug, host: h\(extra) }")
        let settings = try #require(link.settings as? SparkplugSettings)
        return SparkplugHost(
            settings, tags: TagRegister(), clock: clock, monitor: LinkMonitor(link: link, clock: clock))
    }

    private func text(_ message: MQTTMessage?) -> String? {
        message.map { String(decoding: $0.payload, as: UTF8.self) }
    }

    /// Will, birth and goodbye are one word about one connection: they carry its time.
    @Test func sayIsOnlineAndOfflineWithTheTimeOfTheConnection() throws {
        let clock = ManualClock(wall: WallTime(nanoseconds: 1_700_000_000_123_000_000))
        let host = try host(", host_id: scada", clock)
        let will = host.will()
        clock.advance(by: .seconds(3))
        host.connected(isSessionPresent: false)
        let birth = host.takeAnswers().first
        #expect(text(will) == "{\"online\":false,\"timestamp\":1700000000123}")
        #expect(text(birth) == "{\"online\":true,\"timestamp\":1700000000123}")
        #expect(host.farewell() == [will])
        for message in [will, birth] {
            #expect(message?.topic == "spBv1.0/STATE/scada")
            #expect(message?.qos == 1 && message?.isRetained == true)
        }
        clock.advance(by: .seconds(3))
        #expect(text(host.will()) == "{\"online\":false,\"timestamp\":1700000006123}")
        #expect(host.isSessionClean)
        #expect(host.subscriptions.map(\.filter) == ["spBv1.0/STATE/scada", "spBv1.0/+/+/+/#"])
    }

    @Test func whoOnlyListensSaysNothingAndKeepsItsSession() throws {
        let host = try host(", nodes: [ { group: Works, edge: line-3 } ]")
        #expect(host.will() == nil)
        host.connected(isSessionPresent: true)
        #expect(host.takeAnswers().isEmpty && host.farewell().isEmpty)
        #expect(!host.isSessionClean)
        #expect(host.subscriptions.map(\.filter) == ["spBv1.0/Works/+/line-3/#"])
    }

    /// Data that follows a birth of the same burst waits with it: it would find no alias.
    @Test func nothingOvertakesABirth() async throws {
        let host = try host("")
        host.connected(isSessionPresent: true)
        let node = try #require(SparkplugNode(group: "Works", edge: "line-3"))
        var edge = EdgeNode(node)
        edge.replace(tags: [
            PublishedTag(id: TagID(rawValue: 1), kind: .number, unit: "", device: nil, metric: "speed")
        ])
        let clock = ManualClock()
        let sample = Sample(
            tag: TagID(rawValue: 1), value: .number(5), quality: .good, arrival: clock.wall(),
            monotonic: clock.monotonic())
        let messages =
            edge.births(bdSeq: 0, latest: [:], at: clock.wall())
            + edge.data([sample], isHistorical: false, at: clock.wall())
        var batch = SampleBatch(link: "a")
        for message in messages {
            let isTaken = deliver(message, to: host, into: &batch)
            #expect(!isTaken, "\(message.topic)")
        }
        #expect(batch.samples.isEmpty)
        for message in messages { try await deliverLater(message, to: host, into: &batch) }
        #expect(batch.samples.last?.value == .number(5))
        // Now that nothing waits, data is taken at once.
        let more = edge.data([sample], isHistorical: false, at: clock.wall())
        let isTaken = deliver(more[0], to: host, into: &batch)
        #expect(isTaken)
        #expect(batch.samples.count == 3)
        #expect(host.takeCounters().malformed.isEmpty)
    }

    private func deliver(_ message: SparkplugMessage, to host: SparkplugHost, into batch: inout SampleBatch) -> Bool {
        let topic = Array(message.topic.utf8)
        return topic.withUnsafeBytes { topic in
            message.payload.withUnsafeBytes { payload in
                host.read(received(topic, payload), into: &batch)
            }
        }
    }

    private func deliverLater(
        _ message: SparkplugMessage, to host: SparkplugHost, into batch: inout SampleBatch
    ) async throws {
        let bytes = Array(message.topic.utf8) + message.payload
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        // SAFETY: freed when the host has returned, which keeps no part of it.
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        let length = message.topic.utf8.count
        try await host.readLater(
            received(
                UnsafeRawBufferPointer(rebasing: copy[..<length]), UnsafeRawBufferPointer(rebasing: copy[length...])),
            into: &batch)
    }

    private func received(_ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> ReceivedMessage {
        ReceivedMessage(
            topic: topic, payload: payload, payloadBytes: payload.count, isRetained: false,
            arrival: WallTime(nanoseconds: 1), monotonic: MonotonicTime(nanoseconds: 1), clock: .free)
    }
}

@Suite struct ThinningTests {
    private func sample(_ value: Double, _ seconds: Int64, _ quality: Quality = .good) -> Sample {
        let time = WallTime(nanoseconds: seconds * 1_000_000_000)
        return Sample(
            tag: TagID(rawValue: 1), value: .number(value), quality: quality, arrival: time,
            monotonic: MonotonicTime(nanoseconds: 0))
    }

    private func passing(_ rule: Thinning.Rule?, _ samples: [Sample]) -> [Sample.Value] {
        var thinning = Thinning()
        if let rule { thinning.rules = [TagID(rawValue: 1): rule] }
        return samples.filter { thinning.passes($0) }.map(\.value)
    }

    @Test func aValueInsideTheDeadbandIsLeftOut() {
        let samples = [10, 10.4, 10.5, 10.6, 9.9, 11.2].enumerated().map { sample($0.element, Int64($0.offset)) }
        #expect(
            passing(Thinning.Rule(deadband: 0.5), samples) == [.number(10), .number(10.6), .number(9.9), .number(11.2)])
        #expect(passing(nil, samples).count == 6)
    }

    @Test func atMostOneInAnInterval() {
        let samples = [0, 1, 2, 3, 4, 5].map { sample(Double($0), $0) }
        #expect(passing(Thinning.Rule(interval: .seconds(2)), samples) == [.number(0), .number(2), .number(4)])
    }

    @Test func aChangeOfTheQualityAlwaysPasses() {
        let samples = [sample(1, 0), sample(1, 1, .bad(.timedOut)), sample(1, 2, .bad(.timedOut)), sample(1, 3)]
        #expect(passing(Thinning.Rule(deadband: 5), samples).count == 3)
    }
}
