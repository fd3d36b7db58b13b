/// Writes protobuf messages, sound ones and such as no writer makes.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes): (UInt64, [UInt8]) = (value, [])
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    mutating func raw(_ more: [UInt8]) { bytes += more }

    mutating func key(_ number: Int, wire: Int) { bytes += Self.varint(UInt64(number << 3 | wire)) }

    mutating func integer(_ number: Int, _ value: Int64) {
        key(number, wire: 0)
        bytes += Self.varint(UInt64(bitPattern: value))
    }

    mutating func float(_ number: Int, _ value: Float) {
        key(number, wire: 5)
        bytes += Self.bytes(of: value.bitPattern)
    }

    mutating func data(_ number: Int, _ content: [UInt8]) {
        key(number, wire: 2)
        bytes += Self.varint(UInt64(content.count)) + content
    }

    mutating func text(_ number: Int, _ content: String) { data(number, Array(content.utf8)) }

    mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        data(number, inner.bytes)
    }

    static func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
