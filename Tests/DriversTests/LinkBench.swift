import Drivers
import Logging
import Plant
import Synchronization
import TestBench
import YAML

/// Gives out tag numbers in the order of asking, and can be told to refuse some names.
actor TagRegister: TagLookup {
    private(set) var definitions: [TagDefinition] = []
    private var refused: Set<String> = []

    func refuse(_ name: String) { refused.insert(name) }

    func id(for tag: TagDefinition) throws -> TagID {
        if refused.contains(tag.name) { throw TagRefused(tag: tag.name, reason: "the test says so") }
        if let index = definitions.firstIndex(where: { $0.name == tag.name }) { return TagID(rawValue: Int32(index)) }
        definitions.append(tag)
        return TagID(rawValue: Int32(definitions.count - 1))
    }

    func id(of name: String) -> TagID? {
        definitions.firstIndex { $0.name == name }.map { TagID(rawValue: Int32($0)) }
    }
}

/// What is wrong with a test's own configuration.
struct BadConfiguration: Error, CustomStringConvertible {
    var description: String
}

/// Reads a list of links as the daemon does.
func links(_ yaml: String) throws -> (links: [LinkDefinition], diagnostics: Diagnostics) {
    let node = try YAML.parse(Array(yaml.utf8), file: "plant.yaml")
    let diagnostics = Diagnostics(file: "plant.yaml")
    return (Drivers.links(reading: node, path: "links", diagnostics: diagnostics), diagnostics)
}

/// Reads one link that must be right.
func link(_ yaml: String) throws -> LinkDefinition {
    let (links, diagnostics) = try links(yaml)
    guard diagnostics.isEmpty, let link = links.first else { throw BadConfiguration(description: diagnostics.text) }
    return link
}

/// One driver at work: a link, a sink and the task that runs it.
struct LinkBench: Sendable {
    let driver: any FieldDriver
    let sink: MemorySink
    let tags: TagRegister
    private let task: Task<Void, any Error>

    init(_ link: LinkDefinition, sink: MemorySink = MemorySink(), tags: TagRegister = TagRegister()) {
        let driver = Drivers.driver(
            for: link, tags: tags, clock: MachineClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.driver = driver
        self.sink = sink
        self.tags = tags
        task = Task { try await driver.run(into: sink) }
    }

    var status: LinkStatus { driver.status() }
    var counters: LinkCounters { driver.status().counters }

    /// Ends the driver and waits until it has ended.
    func stop() async {
        task.cancel()
        _ = await task.result
    }

    func isConnected() async -> Bool { await eventually { status.state == .connected } }

    /// The samples of a tag, oldest first; none while the tag has not been declared.
    func samples(_ tag: String) async -> [Sample] {
        guard let id = await tags.id(of: tag) else { return [] }
        return await sink.samples(of: id)
    }

    func numbers(_ tag: String) async -> [Double] {
        await samples(tag).compactMap { if case .number(let value) = $0.value { value } else { nil } }
    }

    func last(_ tag: String) async -> Sample? { await samples(tag).last }
}

/// A driver at work with a sink of the test's own.
struct DriverTask: Sendable {
    private let driver: any FieldDriver
    private let task: Task<Void, any Error>

    init(_ link: LinkDefinition, sink: any SampleSink, tags: any TagLookup) {
        let driver = Drivers.driver(
            for: link, tags: tags, clock: MachineClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.driver = driver
        task = Task { try await driver.run(into: sink) }
    }

    var counters: LinkCounters { driver.status().counters }

    func stop() async {
        task.cancel()
        _ = await task.result
    }
}
