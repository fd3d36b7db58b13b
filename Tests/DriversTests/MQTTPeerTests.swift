import Drivers
import FoundationEssentials
import Plant
import Rig
import TestBench
import Testing

/// Brokers of other people, paho as publisher: what was acknowledged to it is stored over a killed daemon and a lost broker, each
/// once where the broker repeats as the standard says.
@Suite(
    .enabled(if: peersFolder != nil, "MILLWRIGHT_PEERS names no folder of installed peers: ./test --peers"),
    .serialized, .timeLimit(.minutes(10)))
struct MQTTPeerTests {
    /// How a broker is taken away.
    enum Loss: String, Sendable {
        case killed, stopped
        /// It does not keep what it has acknowledged over its own end: only our connection is lost.
        case disconnected
    }

    /// How a broker repeats what a session has not acknowledged, as measured with paho and acknowledgements held back.
    enum Repetition: Sendable {
        /// Under its packet number, as MQTT-4.4.0-1 has it: so it is known, and stored once.
        case underItsNumber
        /// As new messages: what was on its way, at most so many at each loss, may be stored twice.
        case anew(inFlight: Int)
        /// Not at all: what was on its way, and what came meanwhile, is gone.
        case never
    }

    struct Broker: Sendable, CustomTestStringConvertible {
        var peer: Peer
        var loss: Loss
        var repetition = Repetition.underItsNumber
        /// What else must run beside it.
        var helper: [String] = []
        var testDescription: String { peer.name }
    }

    static let brokers = [
        // Writes its sessions when it is told to end, and now and then: what it holds at a kill may be lost.
        Broker(
            peer: Peer(
                name: "mosquitto 2.0", command: ["mosquitto", "-c", "{directory}/broker.conf"],
                files: [
                    "broker.conf": """
                    listener {port} 127.0.0.1
                    allow_anonymous true
                    persistence true
                    persistence_location {directory}/
                    max_queued_messages 0
                    user root

                    """
                ]), loss: .stopped),
        // Acknowledges before it has written: of 913 acknowledged messages 5 were gone after a stop, of 874 6 after a kill.
        Broker(
            peer: Peer(
                name: "nats-server 2.9", command: ["nats-server", "-c", "{directory}/nats.conf"],
                files: [
                    "nats.conf": """
                    listen: "127.0.0.1:{other}"
                    server_name: peers
                    jetstream { store_dir: "{directory}/store" }
                    mqtt { listen: "127.0.0.1:{port}", ack_wait: "2s", max_ack_pending: 100 }
                    """
                ]), loss: .disconnected),
        Broker(
            peer: Peer(
                name: "RabbitMQ 3.10", command: ["/usr/lib/rabbitmq/bin/rabbitmq-server"],
                files: [
                    "enabled_plugins": "[rabbitmq_mqtt].\n",
                    "rabbit.conf": """
                    listeners.tcp = none
                    mqtt.listeners.tcp.1 = 127.0.0.1:{port}
                    mqtt.allow_anonymous = true
                    """,
                ],
                environment: [
                    // One process that a signal reaches, no shell before it.
                    "RUNNING_UNDER_SYSTEMD": "true", "HOME": "{directory}", "RABBITMQ_NODENAME": "peers@localhost",
                    "RABBITMQ_MNESIA_BASE": "{directory}", "RABBITMQ_LOG_BASE": "{directory}",
                    "RABBITMQ_ENABLED_PLUGINS_FILE": "{directory}/enabled_plugins",
                    "RABBITMQ_CONFIG_FILE": "{directory}/rabbit.conf", "RABBITMQ_PID_FILE": "{directory}/pid",
                    "RABBITMQ_DIST_PORT": "{other}", "ERL_EPMD_PORT": "\(epmdPort)",
                ]), loss: .killed, repetition: .anew(inFlight: 10),
            helper: ["epmd", "-port", "\(epmdPort)", "-address", "127.0.0.1"]),
        Broker(
            peer: Peer(
                name: "amqtt 0.11.3", command: ["{peers}/venv/bin/amqtt", "-c", "{directory}/amqtt.yaml"],
                files: [
                    "amqtt.yaml": """
                    listeners:
                      default: { type: tcp, bind: "127.0.0.1:{port}" }
                    plugins:
                      amqtt.plugins.authentication.AnonymousAuthPlugin: { allow_anonymous: true }

                    """
                ]), loss: .disconnected, repetition: .never),
    ]

    private static let epmdPort = (try? FreePort.next()) ?? 0

    private func bench(_ port: Int, _ sink: MemorySink, _ tags: TagRegister) throws -> LinkBench {
        let link = try link(
            """
            - name: peer
              driver: mqtt
              host: 127.0.0.1
              port: \(port)
              client_id: peers
              keep_alive: 5s
              topics:
                - { topic: peers/n, payload: number, tag: n }
            """)
        return LinkBench(link, sink: sink, tags: tags)
    }

    @Test(arguments: brokers) func nothingAcknowledgedIsLostOrStoredTwice(_ broker: Broker) async throws {
        let process = try PeerProcess(broker.peer)
        let (sink, tags) = (MemorySink(), TagRegister())
        let helper = try broker.helper.first.map { name in
            try ChildProcess(
                try ChildProcess.find(name, debianPackage: "erlang-base"), Array(broker.helper.dropFirst()),
                outputFile: process.directory.file("helper"))
        }
        try await process.start()
        var bench = try bench(process.port, sink, tags)
        #expect(await bench.isConnected(), "\(bench.status)")
        let acknowledged = process.directory.file("acknowledged")
        let publisher = try ChildProcess(
            "\(try #require(peersFolder))/venv/bin/python",
            [Peer.sources + "/publish.py", "\(process.port)", "peers/n", acknowledged],
            outputFile: process.directory.file("publisher"))
        func storedUpTo(_ count: Int) async -> Bool {
            await eventually(within: .seconds(60)) { await sink.samples.count >= count }
        }
        #expect(await storedUpTo(300), "\(bench.status) \(publisher.outputTail())")

        // The daemon dies with messages that it has and has not stored.
        await sink.set(.hold)
        let offers = await sink.offers
        #expect(await eventually { await sink.offers > offers })
        await bench.stop()
        await sink.set(.accept)
        let before = await sink.samples.count
        let numbersBefore = await bench.numbers("n")
        bench = try self.bench(process.port, sink, tags)
        #expect(await storedUpTo(before + 300), "\(bench.status)")
        // From the newest that was stored to the first that came after it.
        let newest = numbersBefore.max() ?? 0
        let gap = newest...max(newest, await bench.numbers("n").dropFirst(numbersBefore.count).first ?? 0)

        if broker.loss != .disconnected {
            broker.loss == .killed ? await process.kill() : await process.stop()
            #expect(await eventually { if case .connected = bench.status.state { false } else { true } })
            let beforeStart = await sink.samples.count
            try await process.start()
            #expect(await storedUpTo(beforeStart + 300), "\(bench.status) \(publisher.outputTail())")
        }
        await publisher.stop(grace: .seconds(10))
        let numbers = try String(contentsOfFile: acknowledged, encoding: .utf8).split(separator: "\n").compactMap {
            Double($0)
        }
        #expect(numbers.count > 600)
        let wanted = Set(numbers)
        let missing = broker.repetition.isKept ? wanted : wanted.filter { $0 > gap.upperBound }
        #expect(await eventually { missing.isSubset(of: await bench.numbers("n")) })
        await bench.stop()
        let stored = await bench.numbers("n")
        let (lost, doubled) = (wanted.subtracting(stored), stored.count - Set(stored).count)
        switch broker.repetition {
        case .underItsNumber: #expect(lost.isEmpty && doubled == 0)
        case .anew(let inFlight): #expect(lost.isEmpty && doubled <= 2 * inFlight)
        case .never: #expect(lost.allSatisfy { gap.contains($0) } && doubled == 0)
        }
        peerRow(
            broker.peer.name,
            "daemon killed, \(broker.loss.remark): \(wanted.count) acknowledged to paho 2.1.0, \(lost.count) lost, "
                + "\(doubled) stored twice\(broker.repetition.remark)")
        await process.kill()
        helper?.kill()
    }
}

extension MQTTPeerTests.Loss {
    fileprivate var remark: String {
        switch self {
        case .killed, .stopped: "broker \(rawValue)"
        case .disconnected: "broker not, it does not keep what it acknowledges"
        }
    }
}

extension MQTTPeerTests.Repetition {
    /// Whether a session keeps what it has not acknowledged.
    fileprivate var isKept: Bool { if case .never = self { false } else { true } }

    fileprivate var remark: String {
        switch self {
        case .underItsNumber: ""
        case .anew: " (it repeats under new numbers)"
        case .never: " (it repeats nothing)"
        }
    }
}
