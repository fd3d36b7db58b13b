import FoundationEssentials
import Plant

/// How the daemon is doing: what `millwright status` shows, written once a second into the runtime directory.
struct StatusReport: Codable, Sendable {
    var version: String
    var pid: Int32
    var plant: String
    var device: String
    var startedAt: String
    var writtenAt: String
    /// Set when the wall clock cannot be right, so that times in it are not believed.
    var clockWarning: String?
    var configuration: Configuration
    var links: [Link]
    var assets: [AssetStatus]
    /// Nil in a report of a daemon that knew none.
    var stations: [Station]?
    /// One a model; empty where the configuration names no accelerator.
    var accelerators: [Accelerator]
    var alerts: Alerts
    var store: [String: Int]
    /// Nil in a report of a daemon that kept no watch yet.
    var watch: Watch?
    var storeTrouble: String?
    var loss: Loss
    var registry: Registry?
    var sparkplug: Sparkplug?

    struct Configuration: Codable, Sendable {
        var path: String
        var loadedAt: String
        /// Why the last reload was refused; the old configuration goes on.
        var reloadError: String?
        /// What is no mistake, and what somebody should know; nil in a report of a daemon that did not say so.
        var notices: [String]?
    }

    struct Link: Codable, Sendable {
        var name: String
        var driver: String
        var state: String
        var since: String
        var lastError: String?
        var counters: [String: Int]
        /// Measured of late: `reply_us_p50`, `scan_late_us_p99`, `transactions_per_100s`.
        var figures: [String: Int] = [:]
        /// What the device does not give while it gives the rest.
        var failing: [String] = []
        /// The newest messages that could not be used, oldest first; nil where the link has messages of another kind.
        var rejected: [Rejected]?

        /// One of them: what is needed to find out why.
        struct Rejected: Codable, Sendable {
            var at: String
            var topic: String
            var cause: String
            /// The tag that got no value; nil where none of the message did.
            var tag: String?
            /// Bytes before what is wrong.
            var place: Int?
            var bytes: Int
            /// Some of the payload, printable.
            var excerpt: String
        }
    }

    /// What was found wrong with values.
    struct Watch: Codable, Sendable {
        struct Tag: Codable, Sendable {
            var name: String
            var link: String
            var flags: Int
            var quality: String
            var ageSeconds: Double
        }

        /// How far the wall clock may be believed: `synchronized`, `free`, `implausible`.
        var clock: String
        var tags: Int
        var silent: Int
        var found: [String: Int]
        /// The tags with most of it.
        var worst: [Tag]
    }

    struct AssetStatus: Codable, Sendable {
        var id: String
        var model: String
        var modelVersion: Int?
        var modelDigest: String?
        var state: String
        var reason: String?
        var score: Double?
        var threshold: Double?
        var windows: Int
        var notJudged: Int
    }

    struct Station: Codable, Sendable {
        /// The newest part.
        struct Last: Codable, Sendable {
            var at: String
            var part: String?
            var recipe: String?
            var verdict: String
            var name: String
            var score: Double?
            var threshold: Double?
            var reason: String?
        }

        struct Word: Codable, Sendable {
            var id: Int
            var says: String
            var part: String?
            var by: String
            var effect: String
        }

        /// Pictures that were kept since the start.
        struct Evidence: Codable, Sendable {
            var bytes: Int
            var kept: Int
            var dropped: Int
        }

        /// From a picture's arrival, in milliseconds.
        struct Latency: Codable, Sendable {
            var median: Double
            var p99: Double
            var longest: Double
        }

        var id: String
        var pictures: String
        var good: Int
        var defects: [String: Int]
        var notJudged: [String: Int]
        var notWanted: Int
        /// Parts that were announced while too many waited for a picture already.
        var unfollowed: Int
        /// Decisions that the gate did not acknowledge; nil without a gate.
        var notTold: Int?
        /// Nil where none is kept.
        var evidence: Evidence?
        /// What people have said of parts, and what that did.
        var feedback: [Word]
        /// Why words that stand in the store have no effect.
        var feedbackTrouble: String?
        var last: Last?
        var toVerdict: Latency?
        var toGate: Latency?
    }

    struct Accelerator: Codable, Sendable {
        var model: String
        var interface: String
        var chip: String
        var library: String
        var version: String
        var state: String
        /// Why the CPU computes.
        var reason: String?
        var inferences: Int
        var byCPU: Int
        var lastMicroseconds: Double?
    }

    struct Alerts: Codable, Sendable {
        var active: Int
        var unacknowledged: Int
        var deliveries: [String: Int]
    }

    struct Sparkplug: Codable, Sendable {
        var node: String
        var state: String
        /// nil when no primary host is configured.
        var isHostOnline: Bool?
        /// nil when only one is configured.
        var broker: String?
        var bdSeq: Int?
        /// Samples sent as they came; later, flagged as historical; numbers of the store that wait for that.
        var published: Int
        var historical: Int
        var pending: Int
        var lastError: String?
        var counters: [String: Int]
    }

    /// The loss contract and how it is kept.
    struct Loss: Codable, Sendable {
        var contractSeconds: Double
        /// Age of the oldest sample that is accepted and not yet durable.
        var oldestSeconds: Double
        var waitingSamples: Int
        var worstSeconds: Double
        /// Commits with a sample older than the contract allows.
        var lateCommits: Int
        var commits: Int
        var commitMedianMilliseconds: Double
        var commitP99Milliseconds: Double
    }

    struct Registry: Codable, Sendable {
        var url: String
        var state: String
        var lastError: String?
        var pending: Int
        var acknowledgedSequence: Int
        var update: String
        var counters: [String: Int]
    }
}

/// The status file: replaced whole by rename, so that a reader never sees half of it.
struct StatusFile: Sendable {
    let path: String

    /// In the runtime directory, a file system in memory: a write a second would wear out flash.
    static func standard(store: String, environment: [String: String]) -> StatusFile {
        // systemd joins several runtime directories with a colon; ours is the only one.
        if let runtime = environment["RUNTIME_DIRECTORY"], !runtime.isEmpty {
            return StatusFile(path: "\(runtime)/status.json")
        }
        return StatusFile(path: "\(store)/status.json")
    }

    func write(_ report: StatusReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = [UInt8](try encoder.encode(report))
        // Not synced: after a power cut there is no daemon whose status it could be.
        try OutputFile.write(bytes, to: path, isDurable: false)
    }

    func read() throws -> (report: StatusReport, bytes: [UInt8]) {
        let bytes = try TextFile.read(path)
        return (try JSONDecoder().decode(StatusReport.self, from: Data(bytes)), bytes)
    }
}
