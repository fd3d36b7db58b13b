import Plant
import Store

/// One sample on its way out.
struct ExportedSample {
    var tag: TagDefinition
    var sample: Sample
}

/// One bucket on its way out.
struct ExportedRollup {
    var tag: TagDefinition
    var bucket: RollupBucket
}

/// How rows are written. Rows are appended to a buffer, so that a million of them make no million of strings.
protocol ExportFormat {
    /// What stands before the first row.
    mutating func begin(to buffer: inout [UInt8])
    mutating func append(_ row: ExportedSample, to buffer: inout [UInt8])
    mutating func append(_ row: ExportedRollup, to buffer: inout [UInt8])
    /// What is known to be missing.
    mutating func append(_ gap: Gap, to buffer: inout [UInt8])
}

extension Quality {
    /// `good`, `uncertain` or `bad`, and why.
    var words: (quality: StaticString, cause: String?) {
        switch self {
        case .good: ("good", nil)
        case .uncertain(let cause): ("uncertain", cause.description)
        case .bad(let cause): ("bad", cause.description)
        }
    }
}

/// Writes times as `2026-11-23T20:15:03.123456Z`: microseconds, cut off and not rounded.
struct TimeWriter {
    private var second = Int64.min
    private var prefix: [UInt8] = []

    mutating func append(_ time: WallTime, to buffer: inout [UInt8]) {
        let part = time.nanoseconds % 1_000_000_000
        let past = part < 0 ? part + 1_000_000_000 : part
        let start = time.nanoseconds &- past
        if start != second || prefix.isEmpty {
            second = start
            prefix = Array(ISO8601.string(WallTime(nanoseconds: start)).utf8.prefix { $0 != UInt8(ascii: ".") })
        }
        buffer += prefix
        buffer.append(UInt8(ascii: "."))
        var (rest, unit) = (past / 1_000, Int64(100_000))
        while unit > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
            unit /= 10
        }
        buffer.append(UInt8(ascii: "Z"))
    }
}

extension [UInt8] {
    mutating func append(text: some StringProtocol) { append(contentsOf: text.utf8) }

    mutating func append(text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }
}
