import ArgumentParser

struct BenchIngest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Measure what the daemon takes from the field on this box, and whether it keeps it all.",
        discussion: """
            Starts a broker or a farm of slaves, and a daemon of its own, on free loopback ports and in a folder of its own. It \
            touches no running daemon. Messages and slaves take part of the same processor, as they do not in a plant.
            """,
        subcommands: [MQTT.self, Waveforms.self, Modbus.self])

    struct Place: ParsableArguments {
        @Option(help: "How long to measure, in seconds.")
        var seconds = 5.0

        @Option(
            help: "Empty folder to work in, on the disk to be measured; a temporary one unless given.",
            completion: .directory)
        var directory: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func validate() throws {
            guard seconds >= 1, seconds <= 3_600 else {
                throw ValidationError("--seconds: expected 1 to 3600, found \(seconds)")
            }
        }
    }

    struct BrokerSettings: ParsableArguments {
        @Option(
            help:
                "File with mosquitto's settings, such as systemd/mosquitto-millwright.conf; port, folder and access are ours.",
            completion: .file(extensions: ["conf"]))
        var brokerSettings: String?
    }

    struct MQTT: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mqtt",
            abstract: "Publish numbered JSON messages through a broker and count them in the store.")

        @Option(help: "0 or 1.")
        var qos = 1

        @Option(help: "Messages a second.")
        var rate = 30_000.0

        @Option(help: "Topics that they are spread over.")
        var topics = 200

        @Flag(help: "Kill the daemon (SIGKILL) in the middle and start it again.")
        var kill = false

        @OptionGroup var broker: BrokerSettings
        @OptionGroup var place: Place

        func validate() throws {
            guard qos == 0 || qos == 1 else { throw ValidationError("--qos: expected 0 or 1, found \(qos)") }
            guard rate >= 1, rate <= 1_000_000 else {
                throw ValidationError("--rate: expected 1 to 1000000, found \(rate)")
            }
            guard (1...100_000).contains(topics) else {
                throw ValidationError("--topics: expected 1 to 100000, found \(topics)")
            }
        }

        func run() async throws {
            let report = try await DrillDirectory.with(place.directory, holds: \.holds) { directory in
                try await MQTTIngestBench(
                    qos: qos, messagesPerSecond: rate, seconds: place.seconds, topics: topics, isKilled: kill,
                    brokerSettings: broker.brokerSettings, directory: directory
                ).run { Output.error($0) }
            }
            if place.json {
                try JSONOutput.print(report)
            } else {
                Output.line(Format.table(Self.rows(report)))
            }
            if !report.holds { throw ExitCode.failure }
        }

        private static func rows(_ report: MQTTIngestBench.Report) -> [[String]] {
            var rows = [
                [
                    "sent",
                    "\(report.sent), \(Format.fixed(report.sent_per_second, 0)) a second"
                        + (report.kept_pace ? "" : ", slower than asked: this machine or its broker takes no more"),
                ],
                ["stored", "\(report.stored): \(report.missing) missing, \(report.doubled) twice"],
                ["publish to durable", "\(report.publish_to_durable_ms.text) ms"],
            ]
            if let acknowledgement = report.publish_to_broker_acknowledgement_ms {
                rows.append(["publish to broker's PUBACK", "\(acknowledgement.text) ms"])
            }
            let price = report.daemon_us_per_message.map { "\(Format.fixed($0, 1)) us a message" } ?? "killed"
            rows.append([
                "daemon",
                "\(price), PSS \(Format.bytes(Int64(report.daemon_pss_bytes))), "
                    + "at rest \(Format.bytes(Int64(report.daemon_rest_pss_bytes)))",
            ])
            rows.append(["broker", "\(Format.fixed(report.broker_us_per_message, 1)) us a message"])
            return rows
        }
    }

    struct Modbus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "modbus", abstract: "Poll a farm of Modbus TCP slaves.")

        @Option(help: "Slaves, each with a port of its own.")
        var slaves = 64

        @Option(help: "How many of them take connections and never answer.")
        var hanging = 0

        @Option(help: "Registers a request.")
        var registers = 10

        @Option(help: "Requests of each slave a scan.")
        var blocks = 1

        @Option(help: "Milliseconds from scan to scan.")
        var scan = 100

        @Option(help: "Milliseconds that a slave takes to answer.")
        var delay = 5.0

        @OptionGroup var place: Place

        func validate() throws {
            guard (1...1_000).contains(slaves), (0...slaves).contains(hanging) else {
                throw ValidationError("--slaves: expected 1 to 1000, and at most as many --hanging")
            }
            guard (1...125).contains(registers), (1...300).contains(blocks) else {
                throw ValidationError("--registers, --blocks: expected 1 to 125, and 1 to 300")
            }
            guard (5...86_400_000).contains(scan), (0...10_000).contains(delay) else {
                throw ValidationError("--scan, --delay: expected 5 to 86400000 ms, and 0 to 10000 ms")
            }
        }

        func run() async throws {
            let report = try await DrillDirectory.with(place.directory) { directory in
                try await ModbusIngestBench(
                    slaves: slaves, hanging: hanging, registers: registers, blocks: blocks, scan: .milliseconds(scan),
                    delay: .microseconds(Int64(delay * 1_000)), seconds: place.seconds, directory: directory
                ).run { Output.error($0) }
            }
            if place.json { return try JSONOutput.print(report) }
            Output.line(
                Format.table([
                    [
                        "transactions",
                        "\(Format.fixed(report.transactions_per_second, 0)) a second of "
                            + "\(Format.fixed(report.asked_transactions_per_second, 0)) asked for",
                    ],
                    [
                        "registers",
                        "\(Format.fixed(report.registers_per_second, 0)) a second, "
                            + "\(Format.fixed(report.stored_per_second, 0)) samples stored",
                    ],
                    [
                        "daemon",
                        "\(Format.fixed(report.daemon_us_per_transaction, 1)) us a transaction, "
                            + "\(Format.fixed(report.daemon_processor_percent, 1)) % of a core, "
                            + "PSS \(Format.bytes(Int64(report.daemon_pss_bytes)))",
                    ],
                    ["scan jitter", "\(report.scan_jitter_ms.text) ms"],
                ]))
        }
    }
}
