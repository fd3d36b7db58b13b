import Host
import Plant
import Store

/// History as the daemon keeps it: what a packed sample takes on disk, and how long a question for one tag takes.
struct HistoryBench {
    enum Source {
        /// A CSV file with the columns tag, unix_ns, value; see ``HistoryRecording``.
        case recording(String)
        /// Tags that wander in steps of 0.01, as a sensor of 12 bits does, each with a value a period that comes some
        /// milliseconds late.
        case wandering(tags: Int, days: Double, period: Duration, seed: UInt64)
    }

    struct Report: Encodable {
        var samples: Int
        var tags: Int
        var days: Double
        var store_seconds: Double
        var pack_seconds: Double
        var packed_samples: Int64
        var packed_bytes_per_sample: Double
        var rollup_bytes_per_sample: Double
        /// The whole file, free pages and indices included.
        var file_bytes_per_sample: Double
        var answers: Answers
    }

    /// Questions for one tag, in milliseconds: all samples of the whole time, those of its last day, and rollups.
    struct Answers: Encodable {
        var tags: Int
        var days: Double
        var samples_of_tag: Int
        var all_ms: Distribution
        var day_ms: Distribution
        var minutes_ms: Distribution
        var hours_ms: Distribution
    }

    let source: Source
    let directory: String

    /// Samples a commit.
    private static let batch = 20_000
    /// Samples of a page of an answer: as many as the store gives.
    private static let page = 100_000
    /// Questions of each kind, each for another tag.
    private static let questions = 9

    func run(progress: (String) -> Void) async throws -> Report {
        let clock = SystemClock()
        // Recordings may be years old, and nothing of them is to go.
        let age = Duration.seconds(30 * 366 * 86_400)
        var limits = Limits(maximumAge: age, maximumBytes: 64 << 30, rollupAge: age)
        limits.hotSamples = if case .recording = source { 2 } else { limits.hotSamples }
        let store = try Store(directory: directory, limits: limits, clock: clock, logger: CommandLog.logger)
        let start = clock.monotonic()
        var stored: Stored
        switch source {
        case .recording(let file):
            stored = try await play(try HistoryRecording(file: file), into: store, clock)
        case .wandering(let tags, let days, let period, let seed):
            stored = try await wander(tags, days, period, seed, in: store, clock, progress)
        }
        let storedAt = clock.monotonic()
        var packed: Int64 = -1
        while true {
            _ = try await store.maintain()
            let now = try await store.statistics().archivedSamples
            if now == packed { break }
            packed = now
        }
        let packedAt = clock.monotonic()
        let statistics = try await store.statistics()
        let report = try await Report(
            samples: stored.samples, tags: stored.tags.count,
            days: Double(stored.to.nanoseconds - stored.from.nanoseconds) / 86_400e9,
            store_seconds: (storedAt - start).inSeconds, pack_seconds: (packedAt - storedAt).inSeconds,
            packed_samples: statistics.archivedSamples,
            packed_bytes_per_sample: Double(statistics.archivedBytes) / Double(max(1, statistics.archivedSamples)),
            rollup_bytes_per_sample: Double(statistics.rollupBytes) / Double(max(1, statistics.archivedSamples)),
            file_bytes_per_sample: Double(statistics.databaseBytes - statistics.freeBytesInDatabase)
                / Double(stored.samples),
            answers: Self.answers(
                of: StoreReader(directory: directory, clock: clock, logger: CommandLog.logger), clock))
        await store.close()
        return report
    }

    private struct Stored {
        var tags: [TagID]
        var samples = 0
        var from: WallTime
        /// Behind the last sample.
        var to: WallTime
    }

    // MARK: Storing

    private func play(
        _ recording: HistoryRecording, into store: Store, _ clock: SystemClock
    ) async throws -> Stored {
        let numbers = try await store.tagIDs(
            for: recording.tags.map { TagDefinition(name: $0, unit: "", kind: .number) })
        var stored = Stored(
            tags: numbers, samples: recording.values.count, from: recording.values[0].time,
            to: recording.values[0].time)
        for first in stride(from: 0, to: recording.values.count, by: Self.batch) {
            let part = recording.values[first..<min(first + Self.batch, recording.values.count)]
            let samples = part.map { value in
                Sample(
                    tag: numbers[value.tag], value: .number(value.number), quality: .good, sourceTime: value.time,
                    arrival: value.time, monotonic: clock.monotonic())
            }
            try await store.store(SampleBatch(link: "bench", samples: samples))
            stored.from = min(stored.from, part.map(\.time).min() ?? stored.from)
            stored.to = max(stored.to, (part.map(\.time).max() ?? stored.to) + .nanoseconds(1))
        }
        return stored
    }

    private func wander(
        _ tags: Int, _ days: Double, _ period: Duration, _ seed: UInt64, in store: Store, _ clock: SystemClock,
        _ progress: (String) -> Void
    ) async throws -> Stored {
        let numbers = try await store.tagIDs(
            for: (0..<tags).map { TagDefinition(name: "bench.\($0)", unit: "degC", kind: .number) })
        let rounds = Int(days * 86_400 / period.inSeconds)
        let from = clock.wall() + .seconds(-days * 86_400)
        var random = SeededRandom(seed: seed)
        var steps = [Int](repeating: 2_000, count: tags)
        var samples: [Sample] = []
        samples.reserveCapacity(Self.batch + tags)
        for round in 0..<rounds {
            let due = from + period * round
            for tag in 0..<tags {
                let chance = random.next()
                steps[tag] += Int(chance & 3) == 0 ? Int((chance >> 2) % 5) - 2 : 0
                let time = due + .microseconds(Int((chance >> 32) % 8_000))
                samples.append(
                    Sample(
                        tag: numbers[tag], value: .number(Double(steps[tag]) / 100), quality: .good, sourceTime: time,
                        arrival: time, monotonic: clock.monotonic()))
            }
            guard samples.count >= Self.batch || round == rounds - 1 else { continue }
            try await store.store(SampleBatch(link: "bench", samples: samples))
            samples.removeAll(keepingCapacity: true)
            _ = try await store.maintain()
            if round % max(1, rounds / 20) < max(1, Self.batch / tags) {
                progress("\(round * tags) of \(rounds * tags) samples")
            }
        }
        return Stored(tags: numbers, samples: rounds * tags, from: from, to: from + period * rounds)
    }

    // MARK: Asking

    /// Asks for some tags of a store, also one that a daemon writes just now.
    static func answers(of store: StoreReader, _ clock: SystemClock) async throws -> Answers {
        let tags = try await store.tagRecords().filter { $0.definition.kind == .number && !$0.isRetired }
        guard !tags.isEmpty else { throw BenchError.noProgress("there is no tag with numbers in the store") }
        let asked = (0..<questions).map { tags[$0 * tags.count / questions].id }
        var (from, to) = (WallTime(nanoseconds: .max), WallTime(nanoseconds: .min))
        for tag in asked {
            let hours = try await store.rollups(
                tag, .hour, from: WallTime(nanoseconds: 0), to: WallTime(nanoseconds: .max))
            guard let first = hours.first, let last = hours.last else {
                throw BenchError.noProgress("tag number \(tag.rawValue) has no samples")
            }
            (from, to) = (min(from, first.start), max(to, last.start + .seconds(3_600)))
        }
        return try await Answers(
            tags: tags.count, days: Double(to.nanoseconds - from.nanoseconds) / 86_400e9,
            samples_of_tag: all(of: asked[0], from: from, to: to, in: store),
            all_ms: ask(asked, clock) { try await all(of: $0, from: from, to: to, in: store) },
            day_ms: ask(asked, clock) { try await all(of: $0, from: to + .seconds(-86_400), to: to, in: store) },
            minutes_ms: ask(asked, clock) { try await store.rollups($0, .minute, from: from, to: to).count },
            hours_ms: ask(asked, clock) { try await store.rollups($0, .hour, from: from, to: to).count })
    }

    private static func ask(
        _ tags: [TagID], _ clock: SystemClock, _ question: (TagID) async throws -> Int
    ) async throws -> Distribution {
        var times: [Float] = []
        for tag in tags {
            let start = clock.monotonic()
            let answers = try await question(tag)
            times.append(Float((clock.monotonic() - start).inSeconds * 1_000))
            guard answers > 0 else { throw BenchError.noProgress("a question for one tag found nothing") }
        }
        return Distribution(times)
    }

    private static func all(
        of tag: TagID, from: WallTime, to: WallTime, in store: StoreReader
    ) async throws -> Int {
        var position: HistoryPosition?
        var count = 0
        while true {
            let page = try await store.history(tag, from: from, to: to, after: position, limit: page)
            count += page.samples.count
            guard let next = page.next else { return count }
            position = next
        }
    }
}
