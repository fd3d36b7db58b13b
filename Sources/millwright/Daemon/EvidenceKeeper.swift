import Logging
import Plant
import Synchronization
import Threads

/// Writes evidence on a thread of its own: no verdict waits for a disk that is busy with pictures.
actor EvidenceKeeper {
    nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    struct Counts: Sendable {
        var bytes: Int64 = 0
        var kept = 0
        /// No room, a disk that refuses, or too many waiting.
        var dropped = 0
    }

    private struct Shared {
        var waitingBytes = 0
        var isKeeping = false
        var counts = Counts()
    }

    /// Bytes of pictures on their way to the disk: some large ones, so that a slow disk costs evidence and not memory.
    private static let waitingBytes = 64 << 20

    nonisolated let path: String
    private let settings: StationDefinition.Evidence
    private let leastFree: Int64
    private let clock: any PlantClock
    private let logger: Logger
    private lazy var folder = EvidenceFolder(path, settings, leastFree: leastFree)
    private nonisolated let shared = Mutex(Shared())
    private var isRefusing = false

    init(
        path: String, settings: StationDefinition.Evidence, leastFree: Int64, clock: any PlantClock, logger: Logger
    ) {
        self.path = path
        self.settings = settings
        self.leastFree = leastFree
        self.clock = clock
        self.logger = logger
    }

    /// Puts something in line to be written; what does not fit there is dropped and counted.
    nonisolated func add(_ item: EvidenceFolder.Item) {
        let isTaken = shared.withLock { shared in
            guard shared.waitingBytes + item.picture.count <= Self.waitingBytes else {
                shared.counts.dropped += 1
                return false
            }
            shared.waitingBytes += item.picture.count
            return true
        }
        guard isTaken else { return }
        executor.submit { self.assumeIsolated { $0.write(item) } }
    }

    private func write(_ item: EvidenceFolder.Item) {
        let isWritten = folder.write(item, clock: clock)
        shared.withLock { shared in
            shared.waitingBytes -= item.picture.count
            shared.counts.bytes = folder.bytes
            if isWritten { shared.counts.kept += 1 } else { shared.counts.dropped += 1 }
        }
        if !isWritten, !isRefusing {
            logger.warning("evidence not kept", metadata: ["folder": "\(path)", "free_bytes_needed": "\(leastFree)"])
        }
        isRefusing = !isWritten
    }

    /// Keeps the bounds where nothing new comes; returns before that is done.
    nonisolated func keep() {
        let isAlone = shared.withLock { shared in
            defer { shared.isKeeping = true }
            return !shared.isKeeping
        }
        guard isAlone else { return }
        executor.submit { self.assumeIsolated { $0.keepNow() } }
    }

    private func keepNow() {
        folder.keep(clock: clock)
        shared.withLock { shared in
            shared.isKeeping = false
            shared.counts.bytes = folder.bytes
        }
    }

    nonisolated var counts: Counts { shared.withLock { $0.counts } }

    /// Returns when everything that was put in line before is written.
    func drain() {}
}
