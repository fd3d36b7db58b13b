/// What is expected of the values of a tag.
///
/// The defaults flag nothing that a living sensor of any kind does; what depends on the sensor is off until somebody says it.
package struct WatchRule: Hashable, Sendable {
    /// When a tag without a new value is stale.
    package enum Silence: Hashable, Sendable {
        /// Three scans where the link polls, never where the source sends when it likes.
        case byScan
        /// Three of the longest pauses that it made lately, by ``TagWatch``.
        case learned
        case after(Duration)
        case never
    }

    /// When a value that does not move is stuck.
    package enum Stillness: Hashable, Sendable {
        case never
        /// Much longer than it ever stood still, for a tag that moves nearly always.
        case learned
        case after(Duration)
        /// So many equal values in a row.
        case values(Int)
    }

    /// When a value that jumps is noisy: more than half of the latest second differences (value - 2 * last + last but one)
    /// are beyond a limit.
    package enum Noise: Hashable, Sendable {
        case unlimited
        /// Eight times the usual second difference of this tag.
        case learned
        /// In the tag's unit.
        case limit(Double)
    }

    /// What becomes of a second value for the same source time.
    package enum Duplicates: String, Hashable, Sendable, CaseIterable {
        /// The same value again is left out.
        case drop
        case keep
    }

    package var silence = Silence.byScan
    package var stillness = Stillness.never
    /// Less than this is no movement.
    package var resolution = 0.0
    package var noise = Noise.unlimited
    /// In the tag's unit, from one value to the next.
    package var largestStep: Double?
    /// In the tag's unit a second.
    package var largestRate: Double?
    /// How far a source's clock may be ahead of ours: minutes are drift, eight hours are a time zone.
    package var future: Duration? = .seconds(600)
    /// How old a value may be by its source time; older ones are stale.
    package var late: Duration?
    package var duplicates = Duplicates.drop

    package init() {}
}

/// Which rule is for which tags; the first that matches counts.
package struct WatchRules: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var patterns: [TagPattern]
        package var rule: WatchRule

        package init(patterns: [TagPattern], rule: WatchRule) {
            self.patterns = patterns
            self.rule = rule
        }
    }

    package var entries: [Entry]

    package init(_ entries: [Entry] = []) { self.entries = entries }

    /// The rule for a tag, the default one where no entry matches.
    package func rule(for name: String) -> WatchRule {
        entries.first { $0.patterns.contains { $0.matches(name) } }?.rule ?? WatchRule()
    }
}
