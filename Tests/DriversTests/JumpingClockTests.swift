import Drivers
import Logging
import Plant
import Rig
import Synchronization
import TestBench
import Testing

/// The machine's clocks, the wall clock off by as much as a test says.
private final class JumpingClock: PlantClock {
    private let offset = Mutex(Duration.zero)

    func jump(to offset: Duration) { self.offset.withLock { $0 = offset } }
    func wall() -> WallTime { MachineClock().wall() + offset.withLock { $0 } }
    func monotonic() -> MonotonicTime { MachineClock().monotonic() }
    /// As a machine without a time server says it.
    func confidence() -> ClockConfidence { wall() < WallTime(seconds: 1_000_000_000) ? .implausible : .free }
}

/// 1970 at boot, then the right time, an hour ahead, and an hour back, with a real broker. What the store and the judge make of
/// such samples is in `WatchPartTests`.
@Suite(.timeLimit(.minutes(1)))
struct JumpingClockTests {
    @Test func samplesStayInOrderAndSayHowFarTheClockIsBelieved() async throws {
        let directory = try TempDirectory()
        let broker = try Broker(directory: directory.path)
        try await broker.start()
        let (clock, sink, tags) = (JumpingClock(), MemorySink(), TagRegister())
        let begin = MachineClock().wall()
        let offsets: [Duration] = [.seconds(60 - begin.seconds), .zero, .seconds(3_600), .zero]
        clock.jump(to: offsets[0])
        let driver = Drivers.driver(
            for: try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics: [ { topic: plant/n, payload: number, tag: n } ]
                """), tags: tags, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await driver.run(into: sink) }
        #expect(await eventually { driver.status().state == .connected })
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for (index, offset) in offsets.enumerated() {
            clock.jump(to: offset)
            for number in 0..<100 { try publisher.publish("plant/n", Array("\(index * 100 + number)".utf8)) }
            #expect(await eventually { driver.status().counters.stored == (index + 1) * 100 })
        }
        task.cancel()
        _ = await task.result
        await broker.stop()

        // Nothing lost, nothing twice, in the order of arrival, whatever the clock showed.
        let samples = await sink.samples
        #expect(samples.map(\.value) == (0..<400).map { .number(Double($0)) })
        #expect(samples.allSatisfy { $0.quality.isGood })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.monotonic <= $1.monotonic })
        for (index, sample) in samples.enumerated() {
            #expect(sample.clock == (index < 100 ? .implausible : .free))
            #expect((Duration.zero..<(.seconds(60))).contains(sample.arrival - begin - offsets[index / 100]))
        }
        #expect(driver.status().counters.reconnects == 0)
    }
}
