package import Logging
package import Plant
package import YAML

/// One link to the field. It runs until it is cancelled; what cannot be stored is counted, never forgotten.
package protocol FieldDriver: Sendable {
    /// The word behind `driver:` in the configuration: `mqtt`.
    static var scheme: String { get }

    /// Reads what this driver wants to know of one entry of `links:`, beside name and driver.
    ///
    /// - Parameter claims: what other links have taken already; a second claim is reported as a mistake.
    /// - Returns: nil when something was wrong; then it has been reported.
    static func settings(reading reader: inout MappingReader, claims: inout LinkClaims) -> (any LinkSettings)?

    /// Opens nothing yet.
    ///
    /// - Parameter link: of this driver's scheme; another one is a mistake of the caller.
    init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger)

    /// Connects, reads and stores, and connects again when the link breaks, until the task is cancelled.
    ///
    /// - Throws: only when the link cannot even be tried: no thread, no descriptor, or a tag that the store refuses.
    func run(into sink: any SampleSink) async throws

    /// How the link is now; may be asked from anywhere at any time.
    func status() -> LinkStatus
}

/// A driver that can also write to the field, where the configuration allows it.
package protocol WritingDriver: FieldDriver {
    /// Writes once, reads back and compares.
    ///
    /// - Parameter limit: later than this the write is not begun any more.
    func write(_ tag: String, _ number: Double, within limit: Duration) async -> WriteOutcome
}

/// Gives tags their numbers; the store does, and keeps them for ever.
package protocol TagLookup: Sendable {
    /// The id of a tag; a tag that is new is declared.
    ///
    /// - Throws: ``TagRefused`` when the tag can never be had like this: it is known with another kind. Any other error means
    ///   "not now", and the caller asks again.
    func id(for tag: TagDefinition) async throws -> TagID

    /// The ids of many tags, in their order.
    func ids(for tags: [TagDefinition]) async throws -> [TagID]
}

extension TagLookup {
    package func ids(for tags: [TagDefinition]) async throws -> [TagID] {
        var ids: [TagID] = []
        for tag in tags { ids.append(try await id(for: tag)) }
        return ids
    }
}

/// A tag cannot be had like this, now or later.
package struct TagRefused: Error, Hashable, CustomStringConvertible {
    package var tag: String
    package var reason: String

    package init(tag: String, reason: String) {
        self.tag = tag
        self.reason = reason
    }

    package var description: String { "the tag \"\(tag)\" is refused: \(reason)" }
}

/// What one driver needs to know of its link; each driver has its own.
package protocol LinkSettings: Hashable, Sendable {
    /// Every tag that is known before the first message.
    var tags: [TagDefinition] { get }
    /// Whether a message that has not come yet could make a tag of this name.
    func mayMake(tag name: String) -> Bool
    /// Whether this value may be written to this tag.
    func allowsWrite(of value: Double, to name: String) -> Bool
    /// How often the link polls its tags, by name; empty where the source sends when it likes.
    var scanIntervals: [String: Duration] { get }
    /// Names of the streams of pictures that are known before the first picture, unique among all links; empty where the link brings
    /// none.
    var pictures: [String] { get }
    /// Whether it brings pictures, of whatever name.
    var bringsPictures: Bool { get }
    /// Whether the link brings pictures of this name, or a message that has not come yet could.
    func mayBring(pictures name: String) -> Bool
}

extension LinkSettings {
    package var scanIntervals: [String: Duration] { [:] }
    package var pictures: [String] { [] }
    package var bringsPictures: Bool { !pictures.isEmpty }
    package func mayBring(pictures name: String) -> Bool { pictures.contains(name) }
    package func mayMake(tag name: String) -> Bool { false }
    package func allowsWrite(of value: Double, to name: String) -> Bool { false }
}

/// One entry of `links:`, checked.
package struct LinkDefinition: Sendable {
    /// Unique among the links: `press-3`.
    package var name: String
    /// Which driver: ``FieldDriver/scheme``.
    package var scheme: String
    package var settings: any LinkSettings
    /// Digest of the entry without layout and comments: a link whose fingerprint stays the same need not be restarted.
    package var fingerprint: String

    package init(name: String, scheme: String, settings: any LinkSettings, fingerprint: String) {
        self.name = name
        self.scheme = scheme
        self.settings = settings
        self.fingerprint = fingerprint
    }

    package var tags: [TagDefinition] { settings.tags }
}

extension LinkDefinition: Hashable {
    package static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.scheme == b.scheme && a.fingerprint == b.fingerprint
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(fingerprint)
    }
}
