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

    private static let topics = 4
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
        let stream = Task { try await publish(with: publisher) }
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
        try await drain(daemon, child, expected: published)
        await child.stop(grace: .seconds(10))
        let (rows, missing, doubled) = try await count(published: published)
        await broker.stop()
        return Outcome(
            kills: kills, published: published, acknowledgedToPublisher: publisher.counters.acknowledged, rows: rows,
            missing: missing, doubled: doubled, seconds: (clock.monotonic() - start).inSeconds)
    }

    /// Publishes 0, 1, 2, ... over the topics until cancelled.
    ///
    /// - Returns: how many.
    private func publish(with publisher: FieldPublisher) async throws -> Int {
        let interval = Duration.seconds(1) / messagesPerSecond
        let clock = ContinuousClock()
        let start = clock.now
        var sequence = 0
        while !Task.isCancelled {
            try publisher.publish("drill/\(sequence % Self.topics)", Array(String(sequence).utf8))
            sequence += 1
            try? await clock.sleep(until: start.advanced(by: interval * sequence))
        }
        return sequence
    }

    /// Waits until the rows stop growing at the expected number, or stay below it for long.
    private func drain(_ daemon: DaemonProcess, _ child: ChildProcess, expected: Int) async throws {
        let clock = SystemClock()
        var last = -1
        var lastChange = clock.monotonic()
        while (clock.monotonic() - lastChange) < .seconds(10) {
            guard child.isRunning else { throw DrillError.daemonEnded(child.outputTail()) }
            let samples = daemon.status()?.store["samples"] ?? 0
            if samples != last {
                last = samples
                lastChange = clock.monotonic()
            }
            // A second without news after all have come: time for a doubled one to show.
            if last >= expected, (clock.monotonic() - lastChange) > .seconds(1) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func count(published: Int) async throws -> (rows: Int, missing: Int, doubled: Int) {
        let reader = try StoreReader(directory: "\(directory)/store", clock: SystemClock(), logger: CommandLog.logger)
        var seen = [UInt8](repeating: 0, count: published)
        var rows = 0
        var strangers = 0
        var cursor: Int64 = 0
        while true {
            let page = try await reader.samples(after: cursor, limit: 10_000)
            for stored in page.samples {
                rows += 1
                if case .number(let value) = stored.sample.value, let sequence = Int(exactly: value),
                    seen.indices.contains(sequence)
                {
                    seen[sequence] = min(seen[sequence] + 1, 2)
                } else {
                    strangers += 1
                }
            }
            cursor = page.through
            if page.isEnd { break }
        }
        return (rows, seen.count { $0 == 0 }, seen.count { $0 > 1 } + strangers)
    }

    private func plant(port: Int) -> String {
        """
        plant: { name: Drill, device: drill }
        store: { directory: store }
        links:
          - name: broker
            driver: mqtt
            host: 127.0.0.1
            port: \(port)
            client_id: drill-daemon
            topics:
              - { topic: drill/+, tag: "drill.{1}", payload: number }

        """
    }
}
