/// Writes what ``OperatorDecoder`` reads.
package struct OperatorEncoder {
    package private(set) var body = ByteWriter()
    /// The constants section so far.
    var constants: ByteWriter

    init(constants: ByteWriter) { self.constants = constants }

    package mutating func clamp(_ range: ClosedRange<Int32>) {
        body.uint32(UInt32(bitPattern: range.lowerBound))
        body.uint32(UInt32(bitPattern: range.upperBound))
    }

    package mutating func flag(_ value: Bool) { body.uint32(value ? 1 : 0) }
    package mutating func integer(_ value: Int) { body.uint32(UInt32(bitPattern: Int32(clamping: value))) }
    package mutating func integers(_ values: [Int]) { for value in values { integer(value) } }
    package mutating func choice(_ value: some RawRepresentable<UInt32>) { body.uint32(value.rawValue) }
    package mutating func float(_ value: Float) { body.float(value) }
    package mutating func count(_ value: Int) { body.count(value) }

    /// Stores constants; the same bytes twice are stored twice.
    package mutating func constant<Element: BitwiseCopyable>(_ elements: [Element]) {
        constants.pad(to: PlanFormat.constantAlignment)
        body.uint64(UInt64(constants.bytes.count))
        elements.withUnsafeBytes {
            body.uint64(UInt64($0.count))
            constants.raw($0)
        }
    }
}
