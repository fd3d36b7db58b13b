/// Writes what ``ByteReader`` reads.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []
    package init() {}

    package mutating func uint32(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    package mutating func uint64(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    package mutating func float(_ value: Float) { uint32(value.bitPattern) }
    package mutating func count(_ value: Int) { uint32(UInt32(value)) }
    package mutating func raw(_ more: some Sequence<UInt8>) { bytes += more }
    package mutating func string(_ text: String) {
        count(text.utf8.count)
        bytes += text.utf8
    }
    package mutating func pad(to alignment: Int) {
        bytes += repeatElement(0, count: PlanFormat.aligned(bytes.count, to: alignment) - bytes.count)
    }
}
