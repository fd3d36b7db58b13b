import Drivers
import Plant
import Rig
import TestBench
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MQTTPublisherTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func publisher() throws -> MQTTPublisher {
        try MQTTPublisher(
            MQTTPublisher.Settings(host: "127.0.0.1", port: broker.port, clientID: "alerts"), clock: MachineClock())
    }

    private func listener() throws -> LinkBench {
        LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics: [ { topic: alerts/count, payload: number, tag: count } ]
                """))
    }

    @Test func returnsWhenTheBrokerHasIt() async throws {
        try await broker.start()
        let bench = try listener()
        #expect(await bench.isConnected())
        let publisher = try publisher()
        for value in 1...5 { try await publisher.publish("alerts/count", Array("\(value)".utf8)) }
        #expect(await eventually { await bench.numbers("count") == [1, 2, 3, 4, 5] })
        await bench.stop()
        await broker.stop()
    }

    @Test func connectsAgainAfterTheBrokerWasGone() async throws {
        try await broker.start()
        let publisher = try publisher()
        try await publisher.publish("alerts/count", Array("1".utf8))
        await broker.kill()
        await #expect(throws: MQTTPublisher.Failure.self) {
            try await publisher.publish("alerts/count", Array("2".utf8), within: .seconds(1))
        }
        try await broker.start()
        try await publisher.publish("alerts/count", Array("3".utf8))
        await broker.stop()
    }

    /// A broker that accepts the connection and then says nothing.
    @Test func givesUpAtTheDeadline() async throws {
        let mute = try ModbusSlave()
        let publisher = try MQTTPublisher(
            MQTTPublisher.Settings(host: "127.0.0.1", port: mute.port, clientID: "alerts"), clock: MachineClock())
        await #expect(throws: MQTTPublisher.Failure.timedOut) {
            try await publisher.publish("alerts/count", Array("1".utf8), within: .milliseconds(200))
        }
    }

    @Test func aCancelledCallEndsAtOnce() async throws {
        let mute = try ModbusSlave()
        let publisher = try MQTTPublisher(
            MQTTPublisher.Settings(host: "127.0.0.1", port: mute.port, clientID: "alerts"), clock: MachineClock())
        let task = Task { try await publisher.publish("alerts/count", Array("1".utf8), within: .seconds(600)) }
        #expect(await eventually { mute.connections == 1 })
        task.cancel()
        await #expect(throws: MQTTPublisher.Failure.cancelled) { try await task.value }
    }
}
