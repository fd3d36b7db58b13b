import Drivers
import FoundationEssentials
import Rig
import TestBench
import Testing

/// The broker settings that ship, `systemd/mosquitto-millwright.conf`, and Debian's, in the same burst: we are away, the broker
/// acknowledges more than its usual queue holds, and is killed.
@Suite(.timeLimit(.minutes(3)))
struct ShippedBrokerTests {
    /// More than the 1,000 messages that mosquitto queues by default, from several sensors.
    private static let (sensors, messagesEach) = (10, 300)
    private static var messages: Int { sensors * messagesEach }

    let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    /// Each setting as it ships; only port and folders are ours.
    private func shipped() async throws -> Broker {
        try await runTool(
            "mosquitto_passwd", ["-b", "-c", directory.file("passwords"), "millwright", "sesame"], package: "mosquitto",
            in: directory)
        try write("sesame\n", to: directory.file("password"))
        let path = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let text = try String(contentsOfFile: "\(path)/systemd/mosquitto-millwright.conf", encoding: .utf8)
        for place in ["listener 1883 127.0.0.1\n", "/etc/mosquitto/millwright.passwd\n"] {
            try #require(text.contains("\n" + place) || text.contains(" " + place))
        }
        return try Broker(directory: directory.path) { port in
            text.replacing("listener 1883 127.0.0.1\n", with: "listener \(port) 127.0.0.1\n")
                .replacing(
                    "password_file /etc/mosquitto/millwright.passwd\n",
                    with: "password_file \(directory.file("passwords"))\n")
                + "persistence_location \(directory.path)/\n"
        }
    }

    /// `/etc/mosquitto/mosquitto.conf` as Debian's package has it, with a listener.
    private func debian() throws -> Broker {
        try Broker(directory: directory.path) { port in
            "listener \(port) 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location \(directory.path)/\n"
        }
    }

    /// Acknowledgements that went missing are only of the broker's last turn: it writes its file at the end of each.
    private func publishBurst(_ broker: Broker, afterwards marker: Bool) async throws {
        let publishers = try (0..<Self.sensors).map {
            try FieldPublisher(id: "sensor-\($0)", port: broker.port, username: "millwright", password: "sesame")
        }
        for message in 0..<Self.messages {
            try publishers[message % Self.sensors].publish("plant/speed", Array("\(message)".utf8))
        }
        for publisher in publishers { try await publisher.flush(within: .seconds(60)) }
        guard marker else { return }
        // Answered in a turn of its own, so that the turn before has been written.
        try publishers[0].publish("plant/other", Array("0".utf8))
        try await publishers[0].flush()
    }

    private func bench(_ broker: Broker, _ sink: MemorySink, _ tags: TagRegister) throws -> LinkBench {
        LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  username: millwright
                  password_file: \(directory.file("password"))
                  topics:
                    - { topic: plant/speed, payload: number, tag: speed }
                    - { topic: plant/last, payload: number, tag: last }
                """), sink: sink, tags: tags)
    }

    @Test func withTheShippedSettingsEveryAcknowledgedMessageIsStoredOnce() async throws {
        let broker = try await shipped()
        try await broker.start()
        let (sink, tags) = (MemorySink(), TagRegister())
        let first = try bench(broker, sink, tags)
        #expect(await first.isConnected(), "\(first.status.lastError ?? "")")
        await first.stop()
        try await publishBurst(broker, afterwards: true)
        await broker.kill()
        try await broker.start()
        let second = try bench(broker, sink, tags)
        #expect(await eventually { await second.numbers("speed").count >= Self.messages })
        // Behind everything that the broker has for us.
        let publisher = try FieldPublisher(id: "last", port: broker.port, username: "millwright", password: "sesame")
        try publisher.publish("plant/last", Array("1".utf8))
        #expect(await eventually { await second.numbers("last") == [1] })
        #expect(await second.numbers("speed").sorted() == (0..<Self.messages).map(Double.init))
        #expect(second.counters.sessionsLost == 0)
        await second.stop()
        await broker.stop()
    }

    /// The counter-test: the same burst shows what the settings are for.
    @Test(arguments: [false, true]) func withDebiansSettingsAcknowledgedMessagesVanish(isKilled: Bool) async throws {
        let version = try ChildProcess(
            ChildProcess.find("mosquitto", debianPackage: "mosquitto"), ["-h"], outputFile: directory.file("version"))
        _ = await version.waitForExit()
        guard version.outputTail(bytes: 10_000).contains("mosquitto version 2.0") else {
            try Test.cancel("only the defaults of mosquitto 2.0 are known to lose")
        }
        try write("sesame\n", to: directory.file("password"))
        let broker = try debian()
        try await broker.start()
        let (sink, tags) = (MemorySink(), TagRegister())
        let first = try bench(broker, sink, tags)
        #expect(await first.isConnected(), "\(first.status.lastError ?? "")")
        await first.stop()
        try await publishBurst(broker, afterwards: false)
        if isKilled {
            await broker.kill()
            try await broker.start()
        }
        let second = try bench(broker, sink, tags)
        #expect(await second.isConnected())
        let publisher = try FieldPublisher(id: "last", port: broker.port)
        try publisher.publish("plant/last", Array("1".utf8))
        #expect(await eventually { await second.numbers("last") == [1] })
        let stored = await second.numbers("speed").count
        // It had acknowledged every one of them.
        #expect(isKilled ? stored == 0 : stored < Self.messages / 2, "\(stored) of \(Self.messages)")
        await second.stop()
        await broker.stop()
    }
}
