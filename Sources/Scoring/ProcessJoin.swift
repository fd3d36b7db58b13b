package import Plant

/// Finds the process value that belongs to a window: the latest one by time that is not later than the window.
///
/// Values may come out of order. What arrived first is forgotten first, whatever its time says, so that a clock that was
/// set back does not leave values from the future in the way.
package struct ProcessJoin: Sendable {
    /// Values kept of each tag: a window that was held up for a minute still finds its second.
    package static let history = 64
    /// Tags that are joined; more than a machine has inputs.
    package static let tagLimit = 64

    package enum Finding: Hashable, Sendable {
        case value(Double, age: Duration)
        /// The value that belongs there is not good.
        case notGood(Quality)
        /// The latest value is older than allowed.
        case stale(age: Duration)
        /// None has come yet that would belong there.
        case missing
    }

    private struct Entry: Sendable {
        var time: WallTime
        var value: Double?
        var quality: Quality
    }

    /// An older value does not describe the window any more.
    package let largestAge: Duration
    private var entries: [TagID: [Entry]] = [:]
    private var next: [TagID: Int] = [:]

    package init(largestAge: Duration) { self.largestAge = largestAge }

    /// Takes a value as it arrives; anything but a number counts as bad, and so does a number that is not finite.
    package mutating func take(_ sample: Sample) {
        guard entries[sample.tag] != nil || entries.count < Self.tagLimit else { return }
        var quality = sample.quality
        var number: Double?
        switch sample.value {
        case .number(let value) where value.isFinite: number = value
        case .number: quality = .bad(.notFinite)
        case .waveform, .text, .none: if quality.isGood { quality = .bad(.malformed) }
        }
        let entry = Entry(time: sample.time, value: number, quality: quality)
        let at = next[sample.tag, default: 0]
        if at < entries[sample.tag]?.count ?? 0 {
            entries[sample.tag]?[at] = entry
        } else {
            entries[sample.tag, default: []].append(entry)
        }
        next[sample.tag] = (at + 1) % Self.history
    }

    /// The value of a tag at the time of a window.
    ///
    /// A value that was taken shortly after the window began still describes it: where there is none before, the first one
    /// within half of ``largestAge`` after it is taken, with age zero.
    package func value(of tag: TagID, at time: WallTime) -> Finding {
        var before: Entry?
        var after: Entry?
        let horizon = time + largestAge / 2
        for entry in entries[tag] ?? [] {
            if entry.time <= time {
                // Of two with the same time the later arrival is not known here; the good one is the better guess.
                if let found = before, found.time > entry.time || (found.time == entry.time && found.quality.isGood) {
                    continue
                }
                before = entry
            } else if entry.time <= horizon, entry.time < after?.time ?? entry.time + .nanoseconds(1) {
                after = entry
            }
        }
        if let before, time - before.time <= largestAge { return finding(before, age: time - before.time) }
        if let after { return finding(after, age: .zero) }
        if let before { return .stale(age: time - before.time) }
        return .missing
    }

    private func finding(_ entry: Entry, age: Duration) -> Finding {
        guard entry.quality.isGood, let value = entry.value else { return .notGood(entry.quality) }
        return .value(value, age: age)
    }
}
