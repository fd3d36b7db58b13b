import Glibc
import Host
import Plant
import Rig
import Store

/// The loss contract, proved on the box itself: the daemon is killed in the middle of its writing, over and over, while numbered messages
/// come in that it acknowledges and values that it only polls.
struct PowerDrill {
    let kills: Int
    let messagesPerSecond: Int
    let contract: LossContract
    let seed: UInt64
    let directory: String

    /// What came out, as `--json` prints it.
    struct Outcome: Encodable, CustomStringConvertible {
        var kills: Int
        var published: Int
        var acknowledged_by_broker: Int
        var rows: Int
        var missing: Int
        var doubled: Int
        /// Answers of the polled slave, and those of them that are stored.
        var polled_read: Int
        var polled_stored: Int
        /// From the last stored value before a kill to the kill, the longest.
        var longest_gap_seconds: Double
        /// The contract and one poll.
        var allowed_gap_seconds: Double
        var write_cache: DiskCache
        var seconds: Double
        var holds: Bool

        /// - Parameter gaps: one a kill.
        init(
            count: SequenceCount, published: Int, acknowledged: Int, read: Int, stored: Int, gaps: [Duration],
            allowed: Duration, cache: DiskCache, seconds: Double
        ) {
            kills = gaps.count
            self.published = published
            acknowledged_by_broker = acknowledged
            rows = count.rows
            missing = count.missing
            doubled = count.doubled + count.strangers
            polled_read = read
            polled_stored = stored
            longest_gap_seconds = (gaps.max() ?? .zero).inSeconds
            allowed_gap_seconds = allowed.inSeconds
            write_cache = cache
            self.seconds = seconds
            holds =
                missing == 0 && doubled == 0 && published == acknowledged && rows == published && stored > 0
                && gaps.allSatisfy { $0 <= allowed }
        }

        var description: String {
            """
            \(kills) kills in the middle of writing, \(Format.fixed(seconds, 0)) s
            acknowledged  \(published) messages at QoS 1, \(rows) stored, \(missing) missing, \(doubled) stored twice
            polled        \(polled_read) answers, \(polled_stored) stored; at a kill at most the last \
            \(Format.fixed(longest_gap_seconds, 2)) s were lost, \(Format.fixed(allowed_gap_seconds, 2)) s may be
            proved        \(holds ? "the loss contract holds when the daemon ends at any moment" : "THE LOSS CONTRACT IS BROKEN")
            not proved    that the disk has what it says it has: the machine stayed on, and what is on its way to the disk \
            survives the daemon. \(write_cache.sentence) Cut the power for that, or run bench/reliability/power-cut.py.
            """
        }
    }

    static let pollInterval = Duration.milliseconds(50)
    /// From the daemon being connected to its kill.
    private static let timeToLive = 0.05...0.9
    private static let polledTag = "polled.time"

    func run(progress: (String) -> Void) async throws -> Outcome {
        let clock = SystemClock()
        let start = clock.monotonic()
        let farm = try ModbusFarm(slaves: 1)
        defer { farm.stop() }
        var loaded = try await LoadedDaemon.start(
            directory: directory, messagesPerSecond: messagesPerSecond, plant: plant(farm))
        var random = SeededRandom(seed: seed)
        var moments: [(connected: WallTime, killed: WallTime)] = []
        for kill in 1...max(1, kills) {
            _ = try await loaded.daemon.wait(
                loaded.child, for: "both links to be connected", until: LoadedDaemon.isConnected)
            let connected = clock.wall()
            try await Task.sleep(for: .seconds(Double.random(in: Self.timeToLive, using: &random)))
            moments.append((connected, try await loaded.kill()))
            try loaded.start()
            if kill % max(1, kills / 10) == 0 { progress("\(kill) of \(kills) kills") }
        }
        farm.stop()
        let published = try await loaded.finish()
        var times: [WallTime] = []
        let count = try await SequenceCount(store: "\(directory)/store", expected: published) { sample in
            // The register holds the time of the answer.
            if sample.quality.isGood, case .number(let value) = sample.value {
                times.append(WallTime(nanoseconds: Int64(value)))
            }
        }
        return Outcome(
            count: count, published: published, acknowledged: loaded.publisher.counters.acknowledged,
            read: farm.served.requests, stored: times.count, gaps: Self.gaps(times, moments),
            allowed: contract.samples + Self.pollInterval, cache: DiskCache(directory: directory),
            seconds: (clock.monotonic() - start).inSeconds)
    }

    /// How old at each kill the last value before it was that is stored; at most as old as the connection.
    static func gaps(_ times: [WallTime], _ moments: [(connected: WallTime, killed: WallTime)]) -> [Duration] {
        let sorted = times.sorted()
        var next = sorted.startIndex
        return moments.map { moment in
            while next < sorted.endIndex, sorted[next] <= moment.killed { next += 1 }
            let last = next > sorted.startIndex ? sorted[next - 1] : moment.connected
            return moment.killed - max(last, moment.connected)
        }
    }

    private func plant(_ farm: ModbusFarm) -> String {
        """
          - name: polled
            driver: modbus-tcp
            host: 127.0.0.1
            port: \(farm.ports[0])
            blocks:
              - registers: holding
                at: 0
                scan: \(Self.pollInterval.wholeNanoseconds / 1_000_000)ms
                values: [ { tag: \(Self.polledTag), at: 0, type: uint64 } ]
        loss: { samples: \(contract.samples.wholeNanoseconds / 1_000_000)ms }
        """
    }
}

/// What the kernel says of the cache of the disk under a folder.
enum DiskCache: String, Encodable {
    /// What is written may lie in the disk until it is told to flush; SQLite tells it at each commit.
    case writeBack = "write_back"
    /// What is written is on the medium.
    case writeThrough = "write_through"
    /// A file system in memory, over the network, or stacked ones.
    case unknown

    /// - Source: Documentation/ABI/stable/sysfs-block of Linux, queue/write_cache.
    init(directory: String) {
        var status = stat()
        self = .unknown
        guard stat(directory, &status) == 0 else { return }
        // As glibc packs the numbers of a device, see makedev(3).
        let (major, minor) = (
            status.st_dev >> 8 & 0xFFF | status.st_dev >> 32 & ~0xFFF,
            status.st_dev & 0xFF | status.st_dev >> 12 & ~0xFF
        )
        let device = "/sys/dev/block/\(major):\(minor)"
        // A partition has no queue of its own: that of its disk is one folder up.
        for place in ["queue", "../queue"] {
            guard let text = try? TextFile.read("\(device)/\(place)/write_cache") else { continue }
            let words = String(decoding: text, as: UTF8.self)
            if words.hasPrefix("write back") { self = .writeBack }
            if words.hasPrefix("write through") { self = .writeThrough }
            return
        }
    }

    var sentence: String {
        switch self {
        case .writeBack:
            "The disk has a write-back cache: each commit asks it to flush, and whether it obeys shows only when the power goes."
        case .writeThrough: "The kernel says that the disk has no volatile cache."
        case .unknown: "The kernel does not say whether the disk here has a volatile cache."
        }
    }
}
