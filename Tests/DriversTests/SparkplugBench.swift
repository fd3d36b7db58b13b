import Drivers
import Logging
import Plant
import Sparkplug
import TestBench

/// A store in memory for an edge node: samples by number, and what the edge node keeps.
actor EdgeStore: EdgeSource {
    private var samples: [Sample] = []
    private var published: [PublishedTag] = []
    private(set) var kept = EdgeProgress()
    private var saves = 0
    private var limit = Int.max

    func publish(_ tags: [PublishedTag]) { published = tags }

    /// The disk is full from now on, after so many more saves.
    func refuseSaves(after count: Int) { limit = saves + count }

    func add(_ tag: Int32, _ values: [Double], quality: Quality = .good) {
        for value in values {
            let time = WallTime(nanoseconds: 1_700_000_000_000_000_000 + Int64(samples.count) * 1_000_000)
            samples.append(
                Sample(
                    tag: TagID(rawValue: tag), value: .number(value), quality: quality, sourceTime: time, arrival: time,
                    monotonic: MonotonicTime(nanoseconds: 0)))
        }
    }

    func tags() -> EdgeTags {
        EdgeTags(published: published, known: Set(published.map(\.id) + samples.map(\.tag)))
    }

    func latest(_ tag: TagID) -> Sample? { samples.last { $0.tag == tag } }

    func newest() -> Int64 { Int64(samples.count) }

    func samples(after id: Int64, limit: Int) -> EdgePage {
        let end = min(samples.count, Int(id) + limit)
        let range = Int(id)..<max(Int(id), end)
        return EdgePage(
            samples: Array(samples[range]), numbers: range.map { Int64($0 + 1) }, through: Int64(range.upperBound),
            isEnd: range.count < limit)
    }

    func save(_ progress: EdgeProgress) throws {
        guard saves < limit else { throw MemorySink.Refused() }
        saves += 1
        kept = progress
    }

    func progress() -> EdgeProgress { kept }
}

/// An edge node at work.
struct EdgeBench: Sendable {
    let publisher: EdgePublisher
    private let task: Task<Void, Never>

    init(_ settings: EdgeSettings, source: EdgeStore) throws {
        let publisher = try EdgePublisher(
            settings, link: nil, source: source, clock: MachineClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.publisher = publisher
        task = Task { await publisher.run() }
    }

    var status: EdgeStatus { publisher.status() }

    func reaches(_ state: EdgeStatus.State) async -> Bool { await eventually { status.state == state } }

    func stop() async {
        task.cancel()
        await task.value
    }
}
