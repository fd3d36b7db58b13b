import Glibc
import Host
import Plant
import Store

/// The daemon's own writer, alone: how many samples a second it makes durable.
struct StoreBench {
    var samplesPerCommit = 1_000
    var tags = 1_000
    var seconds = 5.0
    var directory: String

    struct Report: Encodable {
        var samples_per_commit: Int
        var samples: Int
        var samples_per_second: Double
        var us_per_sample: Double
        var commit_ms: Distribution
        var read_back_us_per_sample: Double
        var bytes_per_sample: Double
    }

    func run() async throws -> Report {
        let clock = SystemClock()
        let store = try Store(
            directory: directory, limits: Limits(maximumBytes: 64 << 30), clock: clock, logger: CommandLog.logger)
        let numbers = try await store.tagIDs(
            for: (0..<tags).map { TagDefinition(name: "bench.\($0)", unit: "degC", kind: .number) })
        var (count, commits) = (0, [Float]())
        let start = clock.monotonic()
        let before = Self.processorSeconds()
        while (clock.monotonic() - start).inSeconds < seconds {
            let (arrival, monotonic) = (clock.wall(), clock.monotonic())
            let samples = (0..<samplesPerCommit).map { index in
                Sample(
                    tag: numbers[(count + index) % tags], value: .number(20 + Double((count + index) % 700) / 100),
                    quality: .good, arrival: arrival, monotonic: monotonic)
            }
            try await store.store(SampleBatch(link: "bench", samples: samples))
            count += samplesPerCommit
            commits.append(Float((clock.monotonic() - monotonic).inSeconds * 1_000))
        }
        let span = (clock.monotonic() - start).inSeconds
        let used = Self.processorSeconds() - before
        let read = try await readBack(store, count)
        let bytes = try await store.statistics()
        await store.close()
        return Report(
            samples_per_commit: samplesPerCommit, samples: count, samples_per_second: Double(count) / span,
            us_per_sample: used / Double(count) * 1e6, commit_ms: Distribution(commits), read_back_us_per_sample: read,
            bytes_per_sample: Double(bytes.databaseBytes + bytes.logBytes) / Double(count))
    }

    private func readBack(_ store: Store, _ count: Int) async throws -> Double {
        let before = Self.processorSeconds()
        var (cursor, seen) = (Int64(0), 0)
        while true {
            let page = try await store.samples(after: cursor, limit: 10_000)
            seen += page.samples.count
            cursor = page.through
            if page.isEnd { break }
        }
        guard seen == count else { throw BenchError.noProgress("\(seen) of \(count) samples read back") }
        return (Self.processorSeconds() - before) / Double(count) * 1e6
    }

    /// Of this process.
    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
