import Glibc
import Host
import Plant
import Rig

/// A broker, a daemon and a publisher of numbered messages between them: what the drills kill.
struct LoadedDaemon {
    let broker: Broker
    let daemon: DaemonProcess
    let publisher: FieldPublisher
    private(set) var child: ChildProcess
    private let stream: Task<Int, any Error>
    /// So few that samples are packed all the time, and kills hit that too.
    private static let hotSamples = 2_000

    /// Starts it all; returns when the daemon is connected and numbers come in.
    ///
    /// - Parameter plant: the rest of the configuration, for example more links.
    static func start(directory: String, messagesPerSecond: Int, plant: String = "") async throws -> LoadedDaemon {
        let broker = try Broker(directory: directory)
        try await broker.start()
        let configuration = "\(directory)/plant.yaml"
        let text = """
            plant: { name: Drill, device: drill }
            store: { directory: store, hot_samples: \(hotSamples) }
            links:
            \(NumberedStream.link(port: broker.port))
            \(plant)

            """
        try OutputFile.write(Array(text.utf8), to: configuration)
        let daemon = DaemonProcess(configuration: configuration, directory: directory)
        // The broker queues for a session that exists; the first run makes it.
        let child = try daemon.start()
        _ = try await daemon.wait(child, for: "the first connection", until: isConnected)
        try await Task.sleep(for: .milliseconds(300))
        let publisher = try FieldPublisher(id: "drill-publisher", port: broker.port)
        let stream = Task {
            try await NumberedStream(publisher: publisher, messagesPerSecond: messagesPerSecond).run()
        }
        return LoadedDaemon(broker: broker, daemon: daemon, publisher: publisher, child: child, stream: stream)
    }

    static func isConnected(_ report: StatusReport) -> Bool { report.links.allSatisfy { $0.state == "connected" } }

    /// Ends the daemon without a word.
    ///
    /// - Returns: when it was dead for certain.
    func kill() async throws -> WallTime {
        guard child.isRunning else { throw DrillError.daemonEnded(child.outputTail()) }
        child.kill()
        _ = await child.waitForExit()
        return SystemClock().wall()
    }

    mutating func start() throws { child = try daemon.start() }

    /// Stops the stream and the daemon once all is stored.
    ///
    /// - Returns: messages published.
    func finish() async throws -> Int {
        stream.cancel()
        let published = try await stream.value
        try await publisher.flush(within: .seconds(60))
        try await daemon.drain(child, expected: published)
        await child.stop(grace: .seconds(10))
        await broker.stop()
        return published
    }
}
