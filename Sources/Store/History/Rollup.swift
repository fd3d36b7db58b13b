internal import Checksum

/// What is known of a tag's samples within one bucket of time; two of neighbouring parts merge into that of both.
package struct Rollup: Hashable, Sendable {
    /// Widths that are kept: one minute and one hour, in nanoseconds.
    package static let widths: [Int64] = [60_000_000_000, 3_600_000_000_000]
    /// Six doubles, two times, two counts, CRC-32C.
    package static let bytes = 84
    /// So that no merging of what was read overflows a count.
    private static let countLimit: UInt64 = 1 << 48

    package struct Point: Hashable, Sendable {
        package var time: Int64
        package var value: Double
    }

    package private(set) var good: UInt64 = 0
    package private(set) var notGood: UInt64 = 0
    /// These four are of good values only; 0 without one.
    package private(set) var minimum = 0.0
    package private(set) var maximum = 0.0
    package private(set) var first = Point(time: 0, value: 0)
    package private(set) var last = Point(time: 0, value: 0)
    private var total = 0.0
    /// What rounding took from `total`, so that n values of magnitude m are summed to about n * n * m * 2^-106 before
    /// the one rounding of ``sum``.
    private var lost = 0.0

    package init() {}

    /// Of the good values.
    package var sum: Double { total.isFinite ? total + lost : total }
    /// Nil without a good value.
    package var mean: Double? { good == 0 ? nil : sum / Double(good) }

    /// The start of the bucket that holds a time, also before 1970.
    package static func start(of time: Int64, width: Int64) -> Int64 {
        let past = time % width
        return time &- (past < 0 ? past + width : past)
    }

    /// - Parameter value: nil unless it is a good number; one that is not finite counts as not good.
    package mutating func add(_ value: Double?, at time: Int64) {
        guard let value, value.isFinite else {
            notGood += 1
            return
        }
        let point = Point(time: time, value: value)
        if good == 0 {
            (minimum, maximum, first, last) = (value, value, point, point)
        } else {
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            if time < first.time { first = point }
            if time >= last.time { last = point }
        }
        good += 1
        accumulate(value)
    }

    /// Adds what came in after this one; of equal times the earlier stays the first and the later becomes the last.
    package mutating func merge(_ later: Rollup) {
        let counted = notGood + later.notGood
        defer { notGood = counted }
        guard later.good > 0 else { return }
        guard good > 0 else {
            self = later
            return
        }
        minimum = min(minimum, later.minimum)
        maximum = max(maximum, later.maximum)
        if later.first.time < first.time { first = later.first }
        if later.last.time >= last.time { last = later.last }
        good += later.good
        accumulate(later.total)
        lost += later.lost
    }

    /// Neumaier's sum.
    private mutating func accumulate(_ value: Double) {
        let next = total + value
        lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
        total = next
    }

    /// ``bytes`` bytes, little-endian.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        for value in [minimum, maximum, total, lost, first.value, last.value] { writer.append(value.bitPattern) }
        for word in [UInt64(bitPattern: first.time), UInt64(bitPattern: last.time), good, notGood] {
            writer.append(word)
        }
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    package init(_ bytes: [UInt8]) throws(HistoryError) {
        guard bytes.count == Self.bytes else { throw .length(expected: Self.bytes, found: bytes.count) }
        var reader = ByteReader(bytes)
        minimum = Double(bitPattern: try reader.word64())
        maximum = Double(bitPattern: try reader.word64())
        total = Double(bitPattern: try reader.word64())
        lost = Double(bitPattern: try reader.word64())
        first.value = Double(bitPattern: try reader.word64())
        last.value = Double(bitPattern: try reader.word64())
        first.time = Int64(bitPattern: try reader.word64())
        last.time = Int64(bitPattern: try reader.word64())
        good = try reader.word64()
        notGood = try reader.word64()
        let expected = CRC32C.checksum(Array(bytes.dropLast(4)))
        let found = try reader.word32()
        guard expected == found else { throw .checksum(expected: expected, found: found) }
        for count in [good, notGood] where count > Self.countLimit {
            throw .field(expected: "a count up to \(Self.countLimit)", found: Int(clamping: count), offset: 64)
        }
    }
}
