import ArgumentParser
import Plant
import YAML

/// A bound of time as people type it: a date, a date with a time, `now`, or a span before now such as `-2h`.
struct TimeBound: Hashable, Sendable {
    private enum Form: Hashable {
        case at(WallTime)
        case beforeNow(Duration)
    }

    private let form: Form

    static let expected =
        "a time such as 2026-11-30, 2026-11-30T08:00, 2026-11-30T08:00:00+08:00 (UTC without an offset), now, or -2h"

    /// - Returns: nil for anything else, also for a day that does not exist.
    init?(_ text: String) {
        if text == "now" {
            form = .beforeNow(.zero)
        } else if text.hasPrefix("-") {
            guard let span = Quantity.duration(String(text.dropFirst())) else { return nil }
            form = .beforeNow(span)
        } else {
            // Seconds, the time of day and the offset may be left out.
            let endings = ["", "Z", ":00", ":00Z", "T00:00:00Z"]
            let short = text.wholeMatch(of: #/(.{16})([+-].{5}|Z)/#).map { "\($0.output.1):00\($0.output.2)" }
            let readings = endings.map { text + $0 } + (short.map { [$0] } ?? [])
            guard let time = readings.lazy.compactMap({ ISO8601.parse($0.utf8) }).first else { return nil }
            form = .at(time)
        }
    }

    func time(now: WallTime) -> WallTime {
        switch form {
        case .at(let time): time
        case .beforeNow(let span): now + (.zero - span)
        }
    }
}

extension TimeBound: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
