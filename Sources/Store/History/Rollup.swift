/// What is known of a tag's samples within one bucket of time; two of neighbouring parts merge into that of both.
package struct Rollup: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        package var time: Int64
        package var value: Double
    }

    package fileprivate(set) var good: UInt64 = 0
    package fileprivate(set) var notGood: UInt64 = 0
    /// These four are of good values only; 0 without one.
    package fileprivate(set) var minimum = 0.0
    package fileprivate(set) var maximum = 0.0
    package fileprivate(set) var first = Point(time: 0, value: 0)
    package fileprivate(set) var last = Point(time: 0, value: 0)
    fileprivate var total = 0.0
    /// What rounding took from `total`, so that n values of magnitude m are summed to about n * n * m * 2^-106 before
    /// the one rounding of ``sum``.
    fileprivate var lost = 0.0

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
}

/// Packs rollups of one tag, as the rows of `rollups` hold them.
///
/// A row is: version (1 byte), count (2), then eleven columns: starts of the buckets, good samples, others, first and
/// last time less the start (``IntegerColumn``s); minimum, maximum, first and last value, sum and what rounding took
/// from it (``ValueColumn``s). The checksum is that of the table's row.
enum RollupCodec {
    private static let version: UInt8 = 1
    /// More than any row holds: a day of minutes.
    private static let maximumBuckets = 1_440
    /// So that no merging of what was read overflows a count.
    private static let countLimit: Int64 = 1 << 48

    /// - Parameter buckets: 1 to 1,440, each with the start of its time, in their order.
    static func encode(_ buckets: [(start: Int64, rollup: Rollup)]) -> [UInt8] {
        precondition((1...maximumBuckets).contains(buckets.count))
        var writer = ByteWriter()
        writer.append(version)
        writer.append(UInt16(buckets.count))
        IntegerColumn.append(buckets.map(\.start), to: &writer)
        IntegerColumn.append(buckets.map { Int64($0.rollup.good) }, to: &writer)
        IntegerColumn.append(buckets.map { Int64($0.rollup.notGood) }, to: &writer)
        for time in [\Rollup.first.time, \.last.time] {
            // Without a good sample there is no such time.
            let offsets = buckets.map { $0.rollup.good == 0 ? 0 : $0.rollup[keyPath: time] &- $0.start }
            IntegerColumn.append(offsets, to: &writer)
        }
        for value in values { ValueColumn.append(buckets.map { $0.rollup[keyPath: value].bitPattern }, to: &writer) }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(HistoryError) -> [(start: Int64, rollup: Rollup)] {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard found == version else { throw .version(expected: version, found: found) }
        let count = Int(try reader.word16())
        guard (1...maximumBuckets).contains(count) else { throw .count(limit: maximumBuckets, found: count) }
        let starts = try IntegerColumn.read(count, from: &reader)
        let good = try IntegerColumn.read(count, from: &reader)
        let others = try IntegerColumn.read(count, from: &reader)
        let firsts = try IntegerColumn.read(count, from: &reader)
        let lasts = try IntegerColumn.read(count, from: &reader)
        for (start, next) in zip(starts, starts.dropFirst()) where start >= next {
            throw .field(expected: "a start after \(start)", found: Int(next), offset: reader.offset)
        }
        for number in good + others where !(0...countLimit).contains(number) {
            throw .field(expected: "a count up to \(countLimit)", found: Int(number), offset: reader.offset)
        }
        var rollups = [Rollup](repeating: Rollup(), count: count)
        for index in rollups.indices {
            (rollups[index].good, rollups[index].notGood) = (UInt64(good[index]), UInt64(others[index]))
            guard good[index] > 0 else { continue }
            rollups[index].first.time = starts[index] &+ firsts[index]
            rollups[index].last.time = starts[index] &+ lasts[index]
        }
        for value in values {
            let column = try ValueColumn.read(count, from: &reader)
            for index in rollups.indices { rollups[index][keyPath: value] = Double(bitPattern: column[index]) }
        }
        guard reader.isAtEnd else {
            throw .field(expected: "the end", found: reader.left, offset: reader.offset)
        }
        return zip(starts, rollups).map { ($0, $1) }
    }

    private static var values: [WritableKeyPath<Rollup, Double>] {
        [\.minimum, \.maximum, \.first.value, \.last.value, \.total, \.lost]
    }
}
