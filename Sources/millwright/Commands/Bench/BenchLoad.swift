import ArgumentParser
import Glibc
import Rig

struct BenchLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Play many sensors or slaves, so that any program can be measured with the same load.",
        subcommands: [MQTT.self, Modbus.self])

    struct MQTT: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mqtt",
            abstract: "Publish numbered messages to a broker on this machine, and say how it went as JSON.")

        @Option(help: "Port of the broker on 127.0.0.1.")
        var port: Int

        @Option(
            help:
                "json (146 bytes, plant/LINE/MACHINE/data) or collectd (TIME:NUMBER, plant/hostNNNNN/plant/gauge-temperature)."
        )
        var content = MQTTLoad.Content.json

        @Option(help: "0 or 1.")
        var qos = 1

        @Option(help: "Messages a second.")
        var rate = 1_000.0

        @Option(help: "Messages altogether.")
        var count = 10_000

        @Option(help: "Topics that they go round over.")
        var topics = 200

        @Option(help: "Connections that they go out over.")
        var connections = 4

        private struct Report: Encodable {
            var sent: Int
            var acknowledged: Int
            var seconds: Double
            var sent_per_second: Double
            var acknowledgement_ms: Distribution?
        }

        func validate() throws {
            guard (1...65_535).contains(port) else {
                throw ValidationError("--port: expected 1 to 65535, found \(port)")
            }
            guard qos == 0 || qos == 1 else { throw ValidationError("--qos: expected 0 or 1, found \(qos)") }
            guard rate >= 1, count >= 1, (1...100_000).contains(topics), (1...100).contains(connections) else {
                throw ValidationError(
                    "--rate, --count: expected at least 1; --topics: 1 to 100000; --connections: 1 to 100")
            }
        }

        func run() async throws {
            var load = MQTTLoad(port: port, messagesPerSecond: rate, count: count)
            load.content = content
            load.qos = qos
            load.topics = topics
            load.connections = connections
            let outcome = try await load.run()
            try JSONOutput.print(
                Report(
                    sent: outcome.sent, acknowledged: outcome.acknowledged, seconds: outcome.seconds,
                    sent_per_second: Double(outcome.sent) / outcome.seconds,
                    acknowledgement_ms: qos > 0 ? Distribution(outcome.acknowledgementMilliseconds) : nil))
        }
    }

    struct Modbus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "modbus",
            abstract: "Answer as many Modbus TCP slaves.",
            discussion: "Prints their ports, then twice a second how much they have answered; each line is JSON.")

        @Option(help: "Slaves, each with a port of its own.")
        var slaves = 64

        @Option(help: "How many of them never answer.")
        var hanging = 0

        @Option(help: "Milliseconds from a request to its answer.")
        var delay = 5.0

        @Option(help: "For how long, in seconds.")
        var seconds = 10.0

        private struct Ports: Encodable { var ports: [Int] }
        private struct Served: Encodable { var seconds: Double, requests: Int, registers: Int }

        func validate() throws {
            guard (1...1_000).contains(slaves), (0...slaves).contains(hanging) else {
                throw ValidationError("--slaves: expected 1 to 1000, and at most as many --hanging")
            }
            guard (0...10_000).contains(delay), (0.1...3_600).contains(seconds) else {
                throw ValidationError("--delay: expected 0 to 10000 ms; --seconds: 0.1 to 3600")
            }
        }

        func run() async throws {
            let farm = try ModbusFarm(
                slaves: slaves, delay: .microseconds(Int64(delay * 1_000)), hanging: hanging)
            defer { farm.stop() }
            try JSONOutput.line(Ports(ports: farm.ports))
            let clock = ContinuousClock()
            let start = clock.now
            for turn in 1...max(1, Int(seconds * 2)) {
                try await clock.sleep(until: start + .milliseconds(500 * turn))
                let served = farm.served
                try JSONOutput.line(
                    Served(
                        seconds: (clock.now - start) / .seconds(1), requests: served.requests,
                        registers: served.registers))
            }
        }
    }
}

extension MQTTLoad.Content: ExpressibleByArgument {}
