internal import Plant
internal import SQLite
import Synchronization

/// One row of `tags`.
struct StoredTag: Sendable {
    var id: TagID
    var definition: TagDefinition
    var isRetired: Bool

    /// In the column `samples`, which is NULL for a number.
    static let samplesOfText: Int64 = 0

    init(id: TagID, definition: TagDefinition, isRetired: Bool) {
        self.id = id
        self.definition = definition
        self.isRetired = isRetired
    }

    init?(_ row: Statement) {
        guard let id = Int32(exactly: row.int64(at: 0)), let name = row.text(at: 1), let unit = row.text(at: 2) else {
            return nil
        }
        var kind = TagDefinition.Kind.number
        if let samples = row.optionalInt64(at: 3), samples == Self.samplesOfText {
            kind = .text
        } else if let samples = row.optionalInt64(at: 3) {
            guard let rate = row.optionalDouble(at: 4) else { return nil }
            kind = .waveform(samples: Int(samples), rateHertz: rate)
        }
        self.id = TagID(rawValue: id)
        definition = TagDefinition(name: name, unit: unit, kind: kind)
        isRetired = !row.isNull(at: 6)
    }
}

/// The tags in memory, so that a sample is checked without a query.
struct TagCache: Sendable {
    /// Definitions by number, retired ones too; numbers are small and dense.
    private(set) var byNumber: [StoredTag?] = []
    private(set) var current: [String: TagID] = [:]

    /// - Parameter capacity: about how many there will be.
    init(capacity: Int = 0) {
        // Numbers begin at 1.
        byNumber.reserveCapacity(capacity + 1)
        current.reserveCapacity(capacity)
    }

    subscript(id: TagID) -> StoredTag? {
        byNumber.indices.contains(Int(id.rawValue)) ? byNumber[Int(id.rawValue)] : nil
    }

    var inUse: [String: (id: TagID, definition: TagDefinition)] {
        current.compactMapValues { id in self[id].map { (id, $0.definition) } }
    }

    mutating func insert(_ tag: StoredTag) {
        // A number this large can only come from a damaged file whose checksum holds by chance.
        guard (0..<1_000_000).contains(tag.id.rawValue) else { return }
        let index = Int(tag.id.rawValue)
        // By an eighth: twice as many, as an array grows by itself, is a megabyte that nothing lies in at ten thousand tags.
        if byNumber.capacity <= index { byNumber.reserveCapacity(index + 1 + index / 8) }
        while byNumber.count <= index { byNumber.append(nil) }
        byNumber[index] = tag
        if !tag.isRetired { current[tag.definition.name] = tag.id }
    }
}

/// The tags as the store knows them, for who reads its file beside it in the same process: they are in memory once.
final class SharedTags: Sendable {
    private let tags = Mutex(TagCache())

    /// Must be called before a transaction that declares a tag is committed: whoever sees samples of it finds it here then.
    func publish(_ newest: TagCache) { tags.withLock { $0 = newest } }

    var current: TagCache { tags.withLock { $0 } }
}

/// What tells that tags have changed.
struct TagsSeen: Equatable {
    var count: Int64
    var newest: Int64
}

extension Database {
    /// The number of a tag; declares it when it is new, retires the old number when unit or kind have changed.
    func declare(_ definition: TagDefinition) throws(StoreError) -> TagID {
        if let known = tags.current[definition.name] {
            guard let stored = tags[known], stored.definition != definition else { return known }
            try store(stored.definition, as: known, isRetired: true)
            tags.insert(StoredTag(id: known, definition: stored.definition, isRetired: true))
        }
        guard let id = Int32(exactly: try nextID(of: .tags)) else { throw .full }
        try store(definition, as: TagID(rawValue: id), isRetired: false)
        // Should the transaction fail, the tags are read again.
        tags.insert(StoredTag(id: TagID(rawValue: id), definition: definition, isRetired: false))
        return TagID(rawValue: id)
    }

    func reloadTags() throws(StoreError) {
        var read = TagCache(capacity: Int(try integer("SELECT count(*) FROM tags") ?? 0))
        _ = try rows(of: .tags) { row in StoredTag(row).map { read.insert($0) } }
        tags = read
    }

    /// Takes the tags that there are now, where others declare them.
    func refreshTags() throws(StoreError) {
        // Reading begins the snapshot, and what is shared afterwards holds every tag in it.
        let newest = try integer("SELECT max(id) FROM tags") ?? 0
        if let sharedTags { return tags = sharedTags.current }
        // A tag is retired only together with the declaration of its successor, so that every change shows here.
        let found = TagsSeen(count: try integer("SELECT count(*) FROM tags") ?? 0, newest: newest)
        guard found != tagsSeen else { return }
        try reloadTags()
        tagsSeen = found
    }

    private func store(_ definition: TagDefinition, as id: TagID, isRetired: Bool) throws(StoreError) {
        let now = clock.wall().nanoseconds
        var samples: Int64?
        var rate: Double?
        switch definition.kind {
        case .number: break
        case .waveform(let count, let rateHertz): (samples, rate) = (Int64(count), rateHertz)
        case .text: samples = StoredTag.samplesOfText
        }
        try replace(
            .tags,
            [
                .integer(Int64(id.rawValue)), .text(definition.name), .text(definition.unit), .integer(samples),
                .real(rate), .integer(now), .integer(isRetired ? now : nil),
            ])
    }
}
