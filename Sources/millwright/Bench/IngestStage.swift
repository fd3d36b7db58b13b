import Rig

/// A broker, the daemon behind it, and a look at its store from outside.
struct IngestStage {
    let broker: Broker
    let daemon: DaemonProcess
    var child: ChildProcess
    let watch: CommitWatch

    /// Starts both; returns when the daemon is ready.
    ///
    /// - Parameters:
    ///   - brokerSettings: a file with mosquitto's settings; nil for the usual ones of ``Broker``.
    ///   - topics: what the daemon takes from the broker, as a list of the configuration.
    ///   - assets: the same of its machines.
    static func build(
        directory: String, brokerSettings: String?, topics: String, assets: String = "",
        isReady: (StatusReport) -> Bool = { $0.links.first?.state == "connected" }
    ) async throws -> IngestStage {
        let broker = try broker(directory: directory, settings: brokerSettings)
        try await broker.start()
        let configuration = "\(directory)/plant.yaml"
        let plant = """
            plant: { name: Bench, device: bench }
            store: { directory: store }
            links:
              - name: broker
                driver: mqtt
                host: 127.0.0.1
                port: \(broker.port)
                client_id: bench-daemon
                topics:
            \(topics.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
            \(assets)
            """
        try OutputFile.write(Array(plant.utf8), to: configuration)
        let daemon = DaemonProcess(configuration: configuration, directory: directory)
        let child = try daemon.start()
        _ = try await daemon.wait(child, for: "the connection to the broker", until: isReady)
        return IngestStage(
            broker: broker, daemon: daemon, child: child, watch: try CommitWatch(directory: "\(directory)/store"))
    }

    /// Each setting as the file has it, but for port and folder, and that nobody needs a password.
    private static func broker(directory: String, settings: String?) throws -> Broker {
        guard let settings else { return try Broker(directory: directory) }
        let lines = String(decoding: try TextFile.read(settings), as: UTF8.self).split(separator: "\n")
            .filter { line in
                !["listener ", "allow_anonymous ", "password_file "].contains { line.hasPrefix($0) }
            }
        return try Broker(directory: directory) { port in
            """
            listener \(port) 127.0.0.1
            allow_anonymous true
            persistence_location \(directory)/
            \(lines.joined(separator: "\n"))

            """
        }
    }

    struct Processor {
        /// Seconds since each of them started.
        var daemon: Double
        var broker: Double
    }

    func processor() throws -> Processor {
        try Processor(
            daemon: ProcessMeter(pid: child.pid).processorSeconds(),
            broker: ProcessMeter(pid: broker.pid ?? 0).processorSeconds())
    }
}
