import Host
import Plant
import Rig
import Store

/// A broker, a publisher and the daemon: how many messages a second it stores, at what price, and whether all of them.
struct MQTTIngestBench {
    var qos = 1
    var messagesPerSecond = 30_000.0
    var seconds = 5.0
    var topics = 200
    /// Kill the daemon (SIGKILL) in the middle and start it again; what it had not acknowledged comes again.
    var isKilled = false
    /// A file with mosquitto's settings; nil for those of the tests.
    var brokerSettings: String?
    var directory: String

    struct Report: Encodable {
        var qos: Int
        var asked_per_second: Double
        var sent: Int
        var sent_per_second: Double
        var acknowledged_by_broker: Int
        var stored: Int
        var missing: Int
        var doubled: Int
        /// Processor time of the daemon a message; not given where it was killed.
        var daemon_us_per_message: Double?
        var broker_us_per_message: Double
        /// Before the load, with every tag known; no page is counted as shared with this program.
        var daemon_rest_pss_bytes: Int
        /// Right after the load.
        var daemon_pss_bytes: Int
        var daemon_anonymous_bytes: Int
        /// From handing to the socket to the commit that holds it, as seen from outside each millisecond.
        var publish_to_durable_ms: Distribution
        var publish_to_broker_acknowledgement_ms: Distribution?

        /// Whether the publisher could send as fast as was asked for.
        var kept_pace: Bool

        /// All stored, each once.
        var holds: Bool { missing == 0 && doubled == 0 }
    }

    func run(progress: (String) -> Void) async throws -> Report {
        var stage = try await IngestStage.build(
            directory: directory, brokerSettings: brokerSettings, topics: Self.topic)
        let watch = stage.watch
        let watching = Task { try await watch.run() }
        defer { watching.cancel() }

        var load = MQTTLoad(port: stage.broker.port, messagesPerSecond: 2_000, count: topics * 2)
        load.qos = qos
        load.topics = topics
        _ = try await load.run()
        try await watch.wait(through: Int64(load.count))
        let first = await watch.last
        load.firstNumber += 2
        load.messagesPerSecond = messagesPerSecond
        load.count = Int(messagesPerSecond * seconds)
        // Past the time when the daemon lets go of what its start needed.
        try await Task.sleep(for: .seconds(3))
        let rest = try ProcessMeter(pid: stage.child.pid).memory()
        progress("\(load.count) messages at \(Format.fixed(messagesPerSecond, 0)) a second, QoS \(qos)")
        let before = try stage.processor()
        let publishing = Task { [load] in try await load.run() }
        if isKilled {
            try await Task.sleep(for: .seconds(seconds / 2))
            stage.child.kill()
            _ = await stage.child.waitForExit()
            stage.child = try stage.daemon.start()
            progress("killed and started again")
        }
        let outcome = try await publishing.value
        try await watch.wait(through: first + Int64(load.count))
        let memory = try ProcessMeter(pid: stage.child.pid).memory()
        let after = try stage.processor()
        // Time for one that comes twice to show.
        try await Task.sleep(for: .milliseconds(500))
        await stage.child.stop()
        watching.cancel()
        await stage.broker.stop()
        let stored = try await count(watch, after: first, perTopic: load.count / topics, firstNumber: load.firstNumber)
        let pace = Double(outcome.sent) / outcome.seconds
        return Report(
            qos: qos, asked_per_second: messagesPerSecond, sent: outcome.sent,
            sent_per_second: pace, acknowledged_by_broker: outcome.acknowledged,
            stored: stored.rows, missing: outcome.sent - (stored.rows - stored.doubled), doubled: stored.doubled,
            daemon_us_per_message: isKilled ? nil : (after.daemon - before.daemon) / Double(outcome.sent) * 1e6,
            broker_us_per_message: (after.broker - before.broker) / Double(outcome.sent) * 1e6,
            daemon_rest_pss_bytes: rest.bytes, daemon_pss_bytes: memory.bytes,
            daemon_anonymous_bytes: memory.anonymousBytes, publish_to_durable_ms: Distribution(stored.latencies),
            publish_to_broker_acknowledgement_ms: qos > 0 ? Distribution(outcome.acknowledgementMilliseconds) : nil,
            kept_pace: pace > messagesPerSecond * 0.97)
    }

    private func count(
        _ watch: CommitWatch, after first: Int64, perTopic: Int, firstNumber: Int
    ) async throws -> (rows: Int, doubled: Int, latencies: [Float]) {
        var seen: [TagID: [Bool]] = [:]
        var (rows, doubled) = (0, 0)
        var latencies: [Float] = []
        try await watch.samples(after: first) { stored, durable in
            rows += 1
            guard case .number(let value) = stored.sample.value, let sent = stored.sample.sourceTime else { return }
            latencies.append(Float((durable - sent).inSeconds * 1_000))
            let place = Int(value) - 1_000_000_000 - firstNumber
            if seen[stored.sample.tag] == nil { seen[stored.sample.tag] = Array(repeating: false, count: perTopic + 1) }
            if let isKnown = seen[stored.sample.tag]?[place], isKnown { doubled += 1 }
            seen[stored.sample.tag]?[place] = true
        }
        return (rows, doubled, latencies)
    }

    private static let topic = """
        - topic: plant/+/+/data
          payload: json
          path: $.seq
          tag: "{1}.{2}.number"
          time: { path: $.sts, format: unix_ns }
        """
}
