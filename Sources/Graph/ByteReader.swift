/// Reads numbers out of a stretch of a plan file, never past its end.
package struct ByteReader {
    // SAFETY: lives no longer than Plan.init(bytes:), whose caller keeps the bytes; `take` checks every range.
    private let bytes: UnsafeRawBufferPointer
    /// Where `bytes` begins in the file, for errors.
    private let origin: Int
    private var position = 0

    package init(_ bytes: UnsafeRawBufferPointer, origin: Int) {
        self.bytes = bytes
        self.origin = origin
    }

    /// Bytes from the start of the file.
    package var offset: Int { origin + position }
    package var remaining: Int { bytes.count - position }

    package mutating func take(_ count: Int, _ what: @autoclosure () -> String) throws(PlanError)
        -> UnsafeRawBufferPointer
    {
        guard count >= 0, count <= remaining else {
            throw .cutShort(.init(what(), expected: "\(count) bytes", found: "\(remaining) bytes", offset: offset))
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    package mutating func uint32(_ what: @autoclosure () -> String) throws(PlanError) -> UInt32 {
        UInt32(littleEndian: try take(4, what()).loadUnaligned(as: UInt32.self))
    }

    package mutating func uint64(_ what: @autoclosure () -> String) throws(PlanError) -> UInt64 {
        UInt64(littleEndian: try take(8, what()).loadUnaligned(as: UInt64.self))
    }

    package mutating func float(_ what: @autoclosure () -> String) throws(PlanError) -> Float {
        Float(bitPattern: try uint32(what()))
    }

    /// A number that must lie in `range`.
    package mutating func count(_ what: @autoclosure () -> String, in range: ClosedRange<Int>) throws(PlanError) -> Int
    {
        let start = offset
        let value = Int(try uint32(what()))
        guard range.contains(value) else {
            let fault = PlanError.Fault(
                what(), expected: "\(range.lowerBound)...\(range.upperBound)", found: "\(value)", offset: start)
            throw value > range.upperBound ? .tooLarge(fault) : .malformed(fault)
        }
        return value
    }

    /// UTF-8 behind its length in bytes.
    package mutating func string(_ what: @autoclosure () -> String) throws(PlanError) -> String {
        let length = try count("length of \(what())", in: 1...PlanFormat.maximumNameBytes)
        let start = offset
        guard let text = String(validating: try take(length, what()), as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw .malformed(.init(what(), expected: "printable UTF-8", found: "other bytes", offset: start))
        }
        return text
    }

    package func end(_ what: @autoclosure () -> String) throws(PlanError) {
        guard remaining == 0 else {
            throw .malformed(.init("end of \(what())", expected: "0 bytes more", found: "\(remaining)", offset: offset))
        }
    }
}
