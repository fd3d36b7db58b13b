/// What the watch found wrong with a sample.
package enum WatchFlag: String, Hashable, Sendable, CaseIterable {
    /// No value came for too long; a sample without value says so.
    case stale
    case stuck
    /// The latest values scatter more than they should.
    case noisy
    /// One value is too far from the one before it.
    case jump
    /// Older than a value that is there already, or another value for the same time.
    case outOfOrder = "out_of_order"
    case wrongClock = "wrong_clock"
    /// Older than the rule allows.
    case late
    /// The same value for the same time: left out.
    case duplicate
    /// The source's clock was set back, and its new times are taken from here on.
    case newTimeline = "new_timeline"
}

/// How often each thing was found.
package struct WatchCounts: Hashable, Sendable {
    private var counts = [Int](repeating: 0, count: WatchFlag.allCases.count)

    package init() {}

    init(_ flag: WatchFlag) { add(flag) }

    package subscript(flag: WatchFlag) -> Int { counts[Self.index(flag)] }

    mutating func add(_ flag: WatchFlag, _ count: Int = 1) { counts[Self.index(flag)] += count }

    mutating func add(_ other: Self) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    mutating func subtract(_ other: Self) {
        for index in counts.indices { counts[index] -= other.counts[index] }
    }

    /// What was found, by the flag's word.
    package var found: [String: Int] {
        Dictionary(uniqueKeysWithValues: WatchFlag.allCases.map { ($0.rawValue, self[$0]) }).filter { $0.value > 0 }
    }

    private static func index(_ flag: WatchFlag) -> Int {
        switch flag {
        case .stale: 0
        case .stuck: 1
        case .noisy: 2
        case .jump: 3
        case .outOfOrder: 4
        case .wrongClock: 5
        case .late: 6
        case .duplicate: 7
        case .newTimeline: 8
        }
    }
}
