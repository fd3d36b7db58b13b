package import YAML

/// How long the score must speak before an alert is raised or cleared, counted in judged windows.
///
/// Windows, not seconds: a clock that jumps, or a source that sends a backlog, then changes nothing.
package struct Delays: Hashable, Sendable {
    /// Consecutive windows above the threshold that raise an alert.
    package var onWindows: Int
    /// Consecutive windows below `clearBelow` times the threshold that clear it.
    package var offWindows: Int
    /// Share of the threshold, 0...1; between it and the threshold nothing changes (hysteresis).
    package var clearBelow: Double

    package init(onWindows: Int = 3, offWindows: Int = 10, clearBelow: Double = 0.8) {
        self.onWindows = onWindows
        self.offWindows = offWindows
        self.clearBelow = clearBelow
    }
}

/// Delays of which each may be left to somebody else: `delays:` of a pack or of the configuration.
package struct DelayOverrides: Hashable, Sendable {
    package var onWindows: Int?
    package var offWindows: Int?
    package var clearBelow: Double?

    package init(onWindows: Int? = nil, offWindows: Int? = nil, clearBelow: Double? = nil) {
        self.onWindows = onWindows
        self.offWindows = offWindows
        self.clearBelow = clearBelow
    }

    /// Reads `on_windows`, `off_windows` and `clear_below`, each of which may be absent.
    package init(reading reader: inout MappingReader) {
        onWindows = reader.optional("on_windows", .integer(1...10_000))
        offWindows = reader.optional("off_windows", .integer(1...10_000))
        clearBelow = reader.optional("clear_below", .number(0.01...1))
    }
}

extension Delays {
    /// The delays with everything replaced that the overrides state.
    package func applying(_ overrides: DelayOverrides) -> Delays {
        Delays(
            onWindows: overrides.onWindows ?? onWindows, offWindows: overrides.offWindows ?? offWindows,
            clearBelow: overrides.clearBelow ?? clearBelow)
    }
}
