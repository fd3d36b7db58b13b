import AssemblyLine
import Host
import Plant
import Rig
import Signals
import Store

/// Accelerometers behind a broker, and the daemon that stores and judges their windows: at what price, how late the score is, and
/// whether each window is judged once.
struct WaveformIngestBench {
    /// Folder of a pack with its model and a recording; from anywhere, so absolute.
    var pack: String
    var sensors = 32
    var windowsPerSecond = 100.0
    var seconds = 5.0
    var brokerSettings: String?
    var directory: String

    struct Report: Encodable {
        var sensors: Int
        var asked_per_second: Double
        var sent: Int
        var sent_per_second: Double
        /// Speeds and loads, which went out in between.
        var sent_process_values: Int
        var stored: Int
        var missing: Int
        var doubled: Int
        var scored: Int
        var not_scored: Int
        var scored_twice: Int
        /// Processor time a window, with the process values that belong to it.
        var daemon_us_per_window: Double
        var broker_us_per_window: Double
        /// Before the load, with every asset's first window judged; no page is counted as shared with this program.
        var daemon_rest_pss_bytes: Int
        /// Right after the load.
        var daemon_pss_bytes: Int
        var daemon_anonymous_bytes: Int
        /// From handing to the client library to the commit that holds the window, as seen from outside each millisecond.
        var publish_to_durable_ms: Distribution
        /// The same to the commit that holds its score.
        var publish_to_score_ms: Distribution
        /// Whether the publisher could send as fast as was asked for.
        var kept_pace: Bool

        /// All stored and judged, each once.
        var holds: Bool { missing == 0 && doubled == 0 && not_scored == 0 && scored_twice == 0 }
    }

    /// Of the recording's beginning, where the machine runs as it should: scores are what is measured, not alerts.
    private static let moments = 32

    func run(progress: (String) -> Void) async throws -> Report {
        let field = try field()
        let stage = try await IngestStage.build(
            directory: directory, brokerSettings: brokerSettings, topics: topics(field.description.window),
            assets: assets,
            isReady: { report in
                report.links.allSatisfy { $0.state == "connected" }
                    && report.assets.allSatisfy { $0.modelDigest != nil }
            })
        let watching = Task { try await stage.watch.run() }
        defer { watching.cancel() }
        let publisher = try FieldPublisher(id: "bench-sensors", port: stage.broker.port)

        var published: [WallTime] = []
        _ = try await play(field, sensors, to: publisher, &published)
        // Of each sensor speed, load, window and score.
        try await stage.watch.wait(through: Int64(sensors * 4))
        let first = await stage.watch.last
        // Past the time when the daemon lets go of what its start needed.
        try await Task.sleep(for: .seconds(3))
        let rest = try ProcessMeter(pid: stage.child.pid).memory()
        let count = Int(windowsPerSecond * seconds)
        progress("\(count) windows of \(sensors) sensors, \(Format.fixed(windowsPerSecond, 0)) a second")
        let before = try stage.processor()
        let clock = SystemClock()
        let start = clock.monotonic()
        let processValues = try await play(field, count, to: publisher, &published)
        let pace = Double(count) / (clock.monotonic() - start).inSeconds
        try await stage.watch.wait(through: first + Int64(2 * count + processValues))
        let memory = try ProcessMeter(pid: stage.child.pid).memory()
        let after = try stage.processor()
        // Time for one that comes twice to show.
        try await Task.sleep(for: .milliseconds(500))
        await stage.child.stop()
        watching.cancel()
        await stage.broker.stop()
        let tally = try await tally(stage.watch, after: first, published)
        return Report(
            sensors: sensors, asked_per_second: windowsPerSecond, sent: count, sent_per_second: pace,
            sent_process_values: processValues, stored: tally.stored.reduce(0, +),
            missing: tally.stored.dropFirst(sensors).count { $0 == 0 }, doubled: tally.stored.count { $0 > 1 },
            scored: tally.scored.reduce(0, +), not_scored: tally.scored.dropFirst(sensors).count { $0 == 0 },
            scored_twice: tally.scored.count { $0 > 1 },
            daemon_us_per_window: (after.daemon - before.daemon) / Double(count) * 1e6,
            broker_us_per_window: (after.broker - before.broker) / Double(count) * 1e6,
            daemon_rest_pss_bytes: rest.bytes, daemon_pss_bytes: memory.bytes,
            daemon_anonymous_bytes: memory.anonymousBytes,
            publish_to_durable_ms: Distribution(tally.durable), publish_to_score_ms: Distribution(tally.judged),
            kept_pace: pace > windowsPerSecond * 0.97)
    }

    // MARK: The field

    private struct Field {
        var description: RotatingMachinePack
        var moments: [(payload: [UInt8], speed: String, load: String)]
    }

    private func field() throws -> Field {
        let description = try RotatingMachinePack.parse(
            try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml")
        let script = try RecordingScript.parse(
            try TextFile.read("\(pack)/replay/recording.yaml"), file: "\(pack)/replay/recording.yaml")
        let moments = RecordingPlayer(script: script, pack: description).prefix(Self.moments).map { moment in
            (
                DemoStage.payload(moment.window), Format.fixed(moment.speedRPM, 1),
                Format.fixed(moment.loadPercent, 1)
            )
        }
        return Field(description: description, moments: moments)
    }

    /// Publishes so many windows at an even pace, the sensors in turn; each sensor's speed and load about once a second before.
    ///
    /// - Parameter published: when each window went out; grows.
    /// - Returns: how many process values went out.
    private func play(
        _ field: Field, _ count: Int, to publisher: FieldPublisher, _ published: inout [WallTime]
    ) async throws -> Int {
        let turnsPerSecond = max(1, Int(windowsPerSecond / Double(sensors)))
        let clock = SystemClock()
        let pace = ContinuousClock()
        let start = pace.now
        var processValues = 0
        for index in 0..<count {
            try await pace.sleep(until: start + .seconds(Double(index) / windowsPerSecond))
            let number = published.count
            let (turn, sensor) = number.quotientAndRemainder(dividingBy: sensors)
            let moment = field.moments[(sensor + turn / turnsPerSecond) % field.moments.count]
            if turn.isMultiple(of: turnsPerSecond) {
                try publisher.publish("plant/s\(sensor)/speed", Array(moment.speed.utf8))
                try publisher.publish("plant/s\(sensor)/load", Array(moment.load.utf8))
                processValues += 2
            }
            published.append(clock.wall())
            try publisher.publish("plant/s\(sensor)/vibration", Self.numbered(moment.payload, number))
        }
        return processValues
    }

    // MARK: The number of a window

    /// Samples that say which window it is, six bits each: at 0.5 mg a step all of it is below the noise of the sensor.
    private static let (digits, bits) = (4, 6)

    private static func numbered(_ payload: [UInt8], _ number: Int) -> [UInt8] {
        var payload = payload
        for digit in 0..<digits {
            payload[digit * 2] = UInt8(number >> (digit * bits) & (1 << bits - 1))
            payload[digit * 2 + 1] = 0
        }
        return payload
    }

    private static func number(of window: [Float]) -> Int {
        window.prefix(digits).reversed().reduce(0) { number, value in
            number << bits | Int((value / DemoPlant.gravityPerStep).rounded())
        }
    }

    // MARK: What came of them

    private struct Tally {
        /// How often each window is stored, and how often its score.
        var stored: [Int]
        var scored: [Int]
        /// Milliseconds.
        var durable: [Float] = []
        var judged: [Float] = []
    }

    private struct WindowTime: Hashable {
        var asset: Substring
        var time: WallTime
    }

    private func tally(_ watch: CommitWatch, after first: Int64, _ published: [WallTime]) async throws -> Tally {
        let none = Array(repeating: 0, count: published.count)
        var tally = Tally(stored: none, scored: none)
        let names = try await watch.tagNames()
        // A score bears the time of its window, and is stored after it.
        var windows: [WindowTime: Int] = [:]
        try await watch.samples(after: first) { stored, durable in
            guard let name = names[stored.sample.tag] else { return }
            let key = WindowTime(asset: name.prefix { $0 != "." }, time: stored.sample.time)
            switch stored.sample.value {
            case .waveform(let window):
                let number = Self.number(of: window)
                guard published.indices.contains(number) else { return }
                tally.stored[number] += 1
                tally.durable.append(Float((durable - published[number]).inSeconds * 1_000))
                windows[key] = number
            case .number where name.hasSuffix(".score"):
                guard let number = windows[key] else { return }
                tally.scored[number] += 1
                tally.judged.append(Float((durable - published[number]).inSeconds * 1_000))
            case .number, .text, .none: return
            }
        }
        return tally
    }

    private func topics(_ window: WindowShape) -> String {
        """
        - topic: plant/+/vibration
          tag: "{1}.vibration"
          payload: waveform
          format: int16-le
          scale: \(DemoPlant.gravityPerStep)
          unit: g
          samples: \(window.samples)
          rate: \(window.rateHertz)
        - { topic: plant/+/speed, tag: "{1}.speed", payload: number, unit: rpm }
        - { topic: plant/+/load, tag: "{1}.load", payload: number, unit: "%" }
        """
    }

    private var assets: String {
        (0..<sensors).reduce(into: "assets:\n") { text, sensor in
            text += """
                  - id: s\(sensor)
                    pack: \(pack)
                    inputs: { vibration: s\(sensor).vibration, speed: s\(sensor).speed, load: s\(sensor).load }

                """
        }
    }
}
