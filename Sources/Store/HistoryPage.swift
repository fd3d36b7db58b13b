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
    package var samples: HistorySamples
    /// Where to go on; nil when nothing is left.
    package var next: HistoryPosition?
}

/// Samples of one tag; each is made when it is asked for, because as packed ones they take half the room.
package struct HistorySamples: RandomAccessCollection, Sendable {
    private let tag: TagID
    private let kept: [HistorySample]
    /// Waveforms and texts, by the numbers of their samples.
    private let contents: [Int64: Sample.Value]
    private let thisBoot: Int64

    /// - Parameter kept: with states that samples have.
    /// - Parameter thisBoot: number of the first sample of the machine's present run.
    init(of tag: TagID, _ kept: [HistorySample], contents: [Int64: Sample.Value], thisBoot: Int64) {
        (self.tag, self.kept, self.contents, self.thisBoot) = (tag, kept, contents, thisBoot)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { kept.count }

    package subscript(position: Int) -> StoredSample {
        let packed = kept[position]
        guard var stored = packed.record(tag: tag.rawValue).stored(number: packed.number, thisBoot: thisBoot) else {
            preconditionFailure("expected a state that samples have, found \(packed.state)")
        }
        if let content = contents[packed.number] { stored.sample.value = content }
        return stored
    }
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
