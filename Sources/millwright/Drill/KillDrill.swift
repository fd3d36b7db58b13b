import Host
import Plant
import Rig
import Store

/// Kills the daemon at random moments while numbered messages come in, and counts what is in the store afterwards.
struct KillDrill {
    let kills: Int
    let messagesPerSecond: Int
    let seed: UInt64
    let directory: String

    struct Outcome: CustomStringConvertible {
        var kills: Int
        var published: Int
        var acknowledgedToPublisher: Int
        var rows: Int
        var missing: Int
        var doubled: Int
        var seconds: Double

        /// Every message that the broker took is in the store once.
        var holds: Bool { missing == 0 && doubled == 0 && published == acknowledgedToPublisher && rows == published }

        var description: String {
            "\(kills) kills in \(Format.fixed(seconds, 0)) s: \(published) published, \(acknowledgedToPublisher) acknowledged by "
                + "the broker, \(rows) rows stored, \(missing) missing, \(doubled) stored twice: "
                + (holds ? "the promise holds" : "THE PROMISE IS BROKEN")
        }
    }

    private static let timeToLive = 0.05...0.9

    func run(progress: (String) -> Void) async throws -> Outcome {
        let clock = SystemClock()
        let start = clock.monotonic()
        let broker = try Broker(directory: directory)
        try await broker.start()
        let configuration = "\(directory)/plant.yaml"
        try OutputFile.write(Array(plant(port: broker.port).utf8), to: configuration)
        let daemon = DaemonProcess(configuration: configuration, directory: directory)

        // The broker queues for a session that exists; the first run makes it.
        var child = try daemon.start()
        _ = try await daemon.wait(child, for: "the first connection") { $0.links.first?.state == "connected" }
        try await Task.sleep(for: .milliseconds(300))

        let publisher = try FieldPublisher(id: "drill-publisher", port: broker.port)
        let stream = Task { [messagesPerSecond] in
            try await NumberedStream(publisher: publisher, messagesPerSecond: messagesPerSecond).run()
        }
        var random = SeededRandom(seed: seed)
        for kill in 1...max(1, kills) {
            try await Task.sleep(for: .seconds(Double.random(in: Self.timeToLive, using: &random)))
            guard child.isRunning else { throw DrillError.daemonEnded(child.outputTail()) }
            child.kill()
            _ = await child.waitForExit()
            child = try daemon.start()
            if kill % max(1, kills / 20) == 0 {
                progress("\(kill) of \(kills) kills, \(publisher.counters.published) published")
            }
        }
        stream.cancel()
        let published = try await stream.value
        try await publisher.flush(within: .seconds(60))
        try await daemon.drain(child, expected: published)
        await child.stop(grace: .seconds(10))
        let count = try await SequenceCount(store: "\(directory)/store", expected: published)
        await broker.stop()
        return Outcome(
            kills: kills, published: published, acknowledgedToPublisher: publisher.counters.acknowledged,
            rows: count.rows, missing: count.missing, doubled: count.doubled + count.strangers,
            seconds: (clock.monotonic() - start).inSeconds)
    }

    private func plant(port: Int) -> String {
        """
        plant: { name: Drill, device: drill }
        store: { directory: store }
        links:
        \(NumberedStream.link(port: port))

        """
    }
}
