import Plant
import Store
import Watch

/// The newest value of each tag that a pattern names, and how often values come.
struct LiveTags {
    struct Row: Encodable {
        var tag: String
        var unit: String
        var value: String?
        var quality: String
        var time: String
        /// Since it came; negative never.
        var age_s: Double
        /// Values a second, lately.
        var rate_hz: Double
    }

    private struct Entry {
        var name: String
        var unit: String
        var newest: StoredSample?
        var fresh = 0
        var rate = 0.0
    }

    /// What came in the last seconds counts most: each refresh takes a tenth.
    private static let weight = 0.1

    private let patterns: [TagPattern]
    private var entries: [TagID: Entry] = [:]
    private var lastRefresh: MonotonicTime?

    /// - Parameter patterns: none for all tags.
    init(_ patterns: [TagPattern]) { self.patterns = patterns }

    /// Takes the tags that there are; those that were there stay.
    mutating func take(_ tags: [String: (id: TagID, definition: TagDefinition)]) {
        for (name, tag) in tags where entries[tag.id] == nil {
            guard patterns.isEmpty || patterns.contains(where: { $0.matches(name) }) else { continue }
            entries[tag.id] = Entry(name: name, unit: tag.definition.unit)
        }
    }

    /// Takes what was stored since.
    ///
    /// - Returns: the samples of the tags that are followed.
    mutating func take(_ samples: [StoredSample], at now: MonotonicTime) -> [(sample: StoredSample, row: Row)] {
        var shown: [(StoredSample, Row)] = []
        for stored in samples {
            guard var entry = entries[stored.sample.tag] else { continue }
            entry.fresh += 1
            if stored.sample.isNews { entry.newest = stored }
            entries[stored.sample.tag] = entry
            shown.append((stored, Self.row(entry, stored, at: now)))
        }
        return shown
    }

    /// One refresh: the rows by name, those of silent tags too.
    mutating func rows(at now: MonotonicTime) -> [Row] {
        let span = lastRefresh.map { (now - $0).inSeconds } ?? 0
        lastRefresh = now
        for id in entries.keys {
            guard var entry = entries[id] else { continue }
            if span > 0 {
                let present = Double(entry.fresh) / span
                entry.rate += (present - entry.rate) * (entry.rate == 0 ? 1 : Self.weight)
            }
            entry.fresh = 0
            entries[id] = entry
        }
        return entries.values.sorted { $0.name < $1.name }.map { entry in
            guard let newest = entry.newest else {
                return Row(
                    tag: entry.name, unit: entry.unit, value: nil, quality: "no value lately", time: "-", age_s: -1,
                    rate_hz: 0)
            }
            return Self.row(entry, newest, at: now)
        }
    }

    private static func row(_ entry: Entry, _ stored: StoredSample, at now: MonotonicTime) -> Row {
        Row(
            tag: entry.name, unit: entry.unit, value: stored.sample.value.short, quality: "\(stored.sample.quality)",
            time: ISO8601.string(stored.sample.time), age_s: stored.age(at: now)?.inSeconds ?? -1, rate_hz: entry.rate)
    }
}

extension StoredSample {
    /// How long ago it came; nil when it came in an earlier run of the machine.
    func age(at now: MonotonicTime) -> Duration? { isThisBoot ? max(.zero, now - sample.monotonic) : nil }
}

extension Sample.Value {
    /// In a few words; nil for no value.
    var short: String? {
        switch self {
        case .number(let value): "\(value)"
        case .waveform(let values): "\(values.count) values"
        case .text(let text): text
        case .none: nil
        }
    }
}
