import Drivers
import Logging
import Plant
import Sparkplug
import Store
import Synchronization

/// The edge node of the configuration in force.
final class SparkplugPart: Sendable {
    struct Setting: Hashable, Sendable {
        var section: PlantConfiguration.SparkplugSection
        var assets: [AssetDefinition]
        /// The link whose broker is used, so that its change is one of the edge node too.
        var link: LinkDefinition?
    }

    private let part: Restartable<Setting>
    private let running: Running

    /// The edge node of the present setting.
    private final class Running: Sendable {
        let edge = Mutex<EdgePublisher?>(nil)
    }

    init(store: Store, clock: any PlantClock, logger: Logger) {
        let running = Running()
        self.running = running
        part = Restartable("sparkplug", logger: logger) { setting in
            let edge = try EdgePublisher(
                setting.section.edge, link: setting.link,
                source: StoreEdgeSource(store: store, section: setting.section, assets: setting.assets), clock: clock,
                logger: logger)
            running.edge.withLock { $0 = edge }
            await edge.run()
        }
    }

    func want(_ configuration: PlantConfiguration) {
        part.want(
            configuration.sparkplug.map { section in
                Setting(
                    section: section, assets: configuration.assets,
                    link: configuration.links.first { $0.name == section.edge.link })
            })
    }

    func run() async { await part.run() }

    func status() -> EdgeStatus? { running.edge.withLock { $0 }?.status() }
}

/// The store as what an edge node publishes.
struct StoreEdgeSource: EdgeSource {
    let store: Store
    let section: PlantConfiguration.SparkplugSection
    let assets: [AssetDefinition]

    /// One edge node a box: its numbers belong to the box, not to its name.
    private static let sequenceKey = "sparkplug.bdseq"
    private static let pendingKey = "sparkplug.pending"
    private static let readerName = "sparkplug"

    func tags() async throws -> EdgeTags { section.tags(try await store.tags(), assets: assets) }

    func latest(_ tag: TagID) async throws -> Sample? { try await store.latest(tag)?.sample }

    func newest() async throws -> Int64 { try await store.statistics().lastSample }

    func samples(after id: Int64, limit: Int) async throws -> EdgePage {
        let page = try await store.samples(after: id, limit: limit)
        return EdgePage(
            samples: page.samples.map(\.sample), numbers: page.samples.map(\.id), through: page.through,
            isEnd: page.isEnd)
    }

    func progress() async throws -> EdgeProgress {
        let sequence = try await store.value(Self.sequenceKey)
        let pending = try await store.value(Self.pendingKey)
        return EdgeProgress(
            bdSeq: sequence.flatMap { UInt8($0) }, pending: pending.flatMap { PendingRanges(text: $0) })
    }

    func save(_ progress: EdgeProgress) async throws {
        try await store.apply([
            .value(Self.sequenceKey, progress.bdSeq.map { String($0) }),
            .value(Self.pendingKey, progress.pending?.text),
        ])
        await store.note(reader: Self.readerName, through: progress.pending?.sentThrough)
    }
}
