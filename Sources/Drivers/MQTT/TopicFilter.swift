/// An MQTT topic filter: `plant/+/vibration`, `site/#`, `$share/group/plant/+`. Source: MQTT 3.1.1, section 4.7; for shared
/// subscriptions MQTT 5, section 4.8.2.
struct TopicFilter: Hashable, Sendable {
    enum Level: Hashable, Sendable {
        case text([UInt8])
        /// `+`: exactly one level.
        case one
        /// `#`: the rest, also nothing.
        case rest
    }

    /// As the broker takes it.
    let text: String
    /// What messages' topics are held against: the text without `$share/group/`.
    let topic: String
    let levels: [Level]

    /// - Returns: nil when it is empty, too long, has a wild card that is not a level of its own, or shares without a group.
    init?(_ text: String) {
        guard (1...65_535).contains(text.utf8.count), !text.utf8.contains(0) else { return nil }
        self.text = text
        if text.hasPrefix("$share/") {
            let group = text.dropFirst(7).prefix { $0 != "/" }
            guard !group.isEmpty, !group.contains("+"), !group.contains("#") else { return nil }
            topic = String(text.dropFirst(8 + group.count))
            guard !topic.isEmpty else { return nil }
        } else {
            topic = text
        }
        let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
        var levels: [Level] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case "+": levels.append(.one)
            case "#" where index == parts.count - 1: levels.append(.rest)
            case _ where part.contains("+") || part.contains("#"): return nil
            default: levels.append(.text(Array(part.utf8)))
            }
        }
        self.levels = levels
    }

    /// How many wild cards it has, and so how many captures.
    var wildcards: Int {
        levels.count { if case .text = $0 { false } else { true } }
    }

    /// What the wild cards matched, in order; nil when the topic does not match.
    func captures(in topic: [UInt8]) -> [String]? {
        // A topic that starts with $ belongs to the broker: a wild card at the first level does not match it (4.7.2).
        if topic.first == UInt8(ascii: "$"), let first = levels.first, first == .one || first == .rest { return nil }
        let parts = topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var captures: [String] = []
        for (index, level) in levels.enumerated() {
            switch level {
            case .rest:
                let rest = Array(parts.dropFirst(index).joined(separator: [UInt8(ascii: "/")]))
                captures.append(String(decoding: rest, as: UTF8.self))
                return captures
            case .one where index < parts.count: captures.append(String(decoding: parts[index], as: UTF8.self))
            case .text(let bytes) where index < parts.count && parts[index].elementsEqual(bytes): break
            default: return nil
            }
        }
        return parts.count == levels.count ? captures : nil
    }

    /// Whether some topic matches both; the broker would send such a message once for each.
    func overlaps(_ other: Self) -> Bool {
        var index = 0
        while index < levels.count, index < other.levels.count {
            switch (levels[index], other.levels[index]) {
            case (.rest, _), (_, .rest): return true
            case (.text(let a), .text(let b)) where a != b: return false
            default: index += 1
            }
        }
        // `a/#` matches `a` too.
        let longer = levels.count > other.levels.count ? levels : other.levels
        return index == longer.count || (longer.count == index + 1 && longer[index] == .rest)
    }
}
