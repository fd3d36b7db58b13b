internal import Checksum

/// Packs samples of one tag into a block and back, to the bit.
///
/// A block is: version (1 byte), count (2), then six columns (numbers, source times, arrivals less source times,
/// monotonic times less arrivals, values, runs of states), then CRC-32C of all before (4). Little-endian.
/// The first four are ``IntegerColumn``s, the values a ``ValueColumn``.
package enum HistoryCodec {
    static let version: UInt8 = 1
    /// Holds over an hour at 1 s, and keeps a block that has to be unpacked for a single sample below 200 kB.
    package static let maximumSamples = 4_096
    private static let checksumBytes = 4
    private static let headerBytes = 3

    /// - Parameter samples: 1...``maximumSamples`` of one tag, in any order of time; theirs is kept.
    package static func encode(_ samples: [HistorySample]) -> [UInt8] {
        precondition((1...maximumSamples).contains(samples.count))
        var writer = ByteWriter()
        writer.append(version)
        writer.append(UInt16(samples.count))
        IntegerColumn.append(samples.map(\.number), to: &writer)
        IntegerColumn.append(samples.map(\.sourceTime), to: &writer)
        IntegerColumn.append(samples.map { $0.arrival &- $0.sourceTime }, to: &writer)
        IntegerColumn.append(samples.map { $0.monotonic &- $0.arrival }, to: &writer)
        ValueColumn.append(samples.map(\.value), to: &writer)
        appendStates(samples, to: &writer)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// - Throws: for any block that ``encode(_:)`` did not make; never more than ``maximumSamples`` are taken.
    package static func decode(_ bytes: [UInt8]) throws(HistoryError) -> [HistorySample] {
        guard bytes.count >= headerBytes + checksumBytes else {
            throw .length(expected: headerBytes + checksumBytes, found: bytes.count)
        }
        guard bytes[0] == version else { throw .version(expected: version, found: bytes[0]) }
        let body = Array(bytes.dropLast(checksumBytes))
        let expected = CRC32C.checksum(body)
        let found = bytes.suffix(checksumBytes).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard expected == found else { throw .checksum(expected: expected, found: found) }
        var reader = ByteReader(body)
        _ = try reader.byte()
        let count = Int(try reader.word16())
        guard (1...maximumSamples).contains(count) else { throw .count(limit: maximumSamples, found: count) }
        let numbers = try IntegerColumn.read(count, from: &reader)
        let sourceTimes = try IntegerColumn.read(count, from: &reader)
        let arrivals = try IntegerColumn.read(count, from: &reader)
        let monotonics = try IntegerColumn.read(count, from: &reader)
        let values = try ValueColumn.read(count, from: &reader)
        var samples: [HistorySample] = []
        samples.reserveCapacity(count)
        while samples.count < count {
            let offset = reader.offset
            let length = try reader.varint()
            guard length >= 1, length <= UInt64(count - samples.count) else {
                throw .field(
                    expected: "a run of 1 to \(count - samples.count) states", found: Int(clamping: length),
                    offset: offset)
            }
            let state = try reader.word32()
            for index in samples.count..<samples.count + Int(length) {
                let arrival = sourceTimes[index] &+ arrivals[index]
                samples.append(
                    HistorySample(
                        number: numbers[index], state: state, sourceTime: sourceTimes[index], arrival: arrival,
                        monotonic: arrival &+ monotonics[index], value: values[index]))
            }
        }
        guard reader.isAtEnd else {
            throw .field(expected: "the checksum", found: reader.left, offset: reader.offset)
        }
        return samples
    }

    private static func appendStates(_ samples: [HistorySample], to writer: inout ByteWriter) {
        var start = 0
        for index in 1...samples.count where index == samples.count || samples[index].state != samples[start].state {
            writer.append(varint: UInt64(index - start))
            writer.append(samples[start].state)
            start = index
        }
    }
}
