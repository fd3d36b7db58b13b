package import Plant

/// A place in the history of a tag: behind this sample.
package struct HistoryPosition: Hashable, Comparable, Sendable {
    package var time: WallTime
    /// Number of the sample; tells samples of one time apart.
    package var number: Int64

    package init(time: WallTime, number: Int64) {
        self.time = time
        self.number = number
    }

    package static func < (a: Self, b: Self) -> Bool { (a.time, a.number) < (b.time, b.number) }
}

/// Some samples of a tag in the order of their times, those of one time in the order of storing.
package struct HistoryPage: Sendable {
    package var samples: [StoredSample]
    /// Where to go on; nil when nothing is left.
    package var next: HistoryPosition?
}

/// One bucket of time of a tag.
package struct RollupBucket: Hashable, Sendable {
    package var start: WallTime
    package var rollup: Rollup
}

/// The widths in which rollups are kept.
package enum RollupWidth: Int64, Sendable, Hashable, CaseIterable {
    case minute = 1
    case hour = 60

    package var nanoseconds: Int64 { rawValue * 60_000_000_000 }
    /// What one row of `rollups` holds: an hour of minutes, a day of hours.
    var rowNanoseconds: Int64 { self == .minute ? 3_600_000_000_000 : 86_400_000_000_000 }
}

/// One tag, also one that is no longer in use.
package struct TagRecord: Hashable, Sendable {
    package var id: TagID
    package var definition: TagDefinition
    /// Its unit or kind has changed: the name stands for another number now.
    package var isRetired: Bool
}
