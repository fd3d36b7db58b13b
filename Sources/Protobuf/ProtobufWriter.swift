/// Writes the fields of one protobuf message, in the order of the calls.
///
/// - Source: Protocol Buffers, "Encoding".
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Forgets what was written and keeps the memory.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func varint(_ field: Int, _ value: UInt64) {
        key(field, 0)
        append(value)
    }

    package mutating func boolean(_ field: Int, _ value: Bool) { varint(field, value ? 1 : 0) }

    package mutating func float(_ field: Int, _ value: Float) {
        key(field, 5)
        fixed(value.bitPattern)
    }

    package mutating func double(_ field: Int, _ value: Double) {
        key(field, 1)
        fixed(value.bitPattern)
    }

    package mutating func text(_ field: Int, _ value: String) {
        key(field, 2)
        append(UInt64(value.utf8.count))
        bytes += value.utf8
    }

    package mutating func data(_ field: Int, _ value: [UInt8]) {
        key(field, 2)
        append(UInt64(value.count))
        bytes += value
    }

    /// A nested message, written by `body`.
    package mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        key(field, 2)
        // One byte for the length is mostly enough; where it is not, the body moves up.
        let place = bytes.count
        bytes.append(0)
        body(&self)
        var length = UInt64(bytes.count - place - 1)
        bytes[place] = UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0)
        var at = place
        while length > 0x7F {
            length >>= 7
            at += 1
            bytes.insert(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0), at: at)
        }
    }

    private mutating func key(_ field: Int, _ type: UInt64) { append(UInt64(field) << 3 | type) }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func fixed<Number: FixedWidthInteger>(_ value: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
