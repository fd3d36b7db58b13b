import Host
import Plant
import Store

/// Notes from outside when a daemon's samples become durable: a look at the store's last number each millisecond.
actor CommitWatch {
    private let reader: StoreReader
    private let clock = SystemClock()
    private let pause: Duration
    /// Each new last number, and when it was seen; both grow.
    private var marks: [(last: Int64, at: WallTime)] = []

    /// - Parameter pause: between two looks: how much later than it is a commit may seem.
    init(directory: String, pause: Duration = .milliseconds(1)) throws {
        reader = try StoreReader(directory: directory, clock: clock, logger: CommandLog.logger)
        self.pause = pause
    }

    var last: Int64 { marks.last?.last ?? 0 }

    /// Looks until cancelled.
    func run() async throws {
        while !Task.isCancelled {
            try await look()
            try? await Task.sleep(for: pause)
        }
    }

    private func look() async throws {
        let last = try await reader.lastSample()
        if last > self.last { marks.append((last, clock.wall())) }
    }

    /// Waits until so many samples are stored, or nothing has come for a while.
    func wait(through last: Int64, patience: Duration = .seconds(5)) async throws {
        var seen = self.last
        var since = clock.monotonic()
        while seen < last, clock.monotonic() - since < patience {
            try await Task.sleep(for: .milliseconds(5))
            if self.last > seen { (seen, since) = (self.last, clock.monotonic()) }
        }
    }

    /// Reads every sample after a number, each with the time when it was first seen to be durable.
    func samples(after first: Int64, _ body: (StoredSample, WallTime) -> Void) async throws {
        var cursor = first
        var mark = 0
        while true {
            let page = try await reader.samples(after: cursor, limit: 10_000)
            for stored in page.samples {
                while mark < marks.count - 1, marks[mark].last < stored.id { mark += 1 }
                if mark < marks.count { body(stored, marks[mark].at) }
            }
            cursor = page.through
            if page.isEnd { return }
        }
    }

    func tagNames() async throws -> [TagID: String] {
        Dictionary(uniqueKeysWithValues: try await reader.tags().map { ($0.value.id, $0.key) })
    }
}
