/// A FlatBuffers file: tables whose fields are found through offsets, each checked before it is followed.
///
/// Offsets may claim anything: tables may overlap, share vectors or run in a circle. That is harmless, because a reader
/// follows one offset at a time along the schema, never "until the end", and because all that is read is paid from a
/// budget of bytes, so that a thousand tables around one large vector are refused instead of copied a thousand times.
///
/// - Source: FlatBuffers internals, "Binary format".
final class FlatBuffer {
    let bytes: [UInt8]
    private var budget: Int

    /// - Parameter budget: bytes that may be read, or made of what was read, until the file is refused as too large.
    init(_ bytes: [UInt8], budget: Int) {
        self.bytes = bytes
        self.budget = budget
    }

    /// The table that the first offset of the file leads to.
    ///
    /// - Parameter identifier: four characters behind that offset.
    func root(_ name: String, identifier: String) throws(ModelError) -> FlatTable {
        guard bytes.count >= 8, bytes[4..<8].elementsEqual(identifier.utf8) else {
            throw .malformed(
                .init(
                    "file identifier", expected: "\"\(identifier)\"",
                    found: bytes.count < 8 ? "a file of \(bytes.count) bytes" : "other bytes", place: "byte 4"))
        }
        return try FlatTable(self, at: try target(of: 0, name), name)
    }

    /// Takes `count` bytes from the budget.
    func spend(_ count: Int, on what: @autoclosure () -> String) throws(ModelError) {
        guard count <= budget else {
            throw .tooLarge(
                .init(
                    what(), expected: "at most \(budget) bytes more, from a file of \(bytes.count)",
                    found: "\(count) bytes",
                    advice: "the same bytes are used many times over, which no converter does"))
        }
        budget -= count
    }

    /// The little-endian number at an offset.
    func load<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, at offset: Int, _ what: @autoclosure () -> String
    ) throws(ModelError) -> T {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<T>.size else { throw outside(offset, what()) }
        // SAFETY: the range was just checked; the load needs no alignment; the pointer does not leave the closure.
        return T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
    }

    /// Where the offset stored at `position` leads.
    func target(of position: Int, _ what: @autoclosure () -> String) throws(ModelError) -> Int {
        let target = position + Int(try load(UInt32.self, at: position, what()))
        guard target > position, target <= bytes.count - 4 else { throw outside(target, what()) }
        return target
    }

    /// The bytes of the vector that the offset stored at `position` leads to.
    ///
    /// - Parameter stride: bytes of one element.
    func vector(of position: Int, stride: Int, _ what: @autoclosure () -> String) throws(ModelError) -> Range<Int> {
        let start = try target(of: position, what())
        let count = Int(try load(UInt32.self, at: start, what()))
        guard count <= (bytes.count - start - 4) / stride else {
            throw .malformed(
                .init(
                    what(), expected: "at most \((bytes.count - start - 4) / stride) elements to the end of the file",
                    found: "\(count)", place: "byte \(start)"))
        }
        return start + 4..<start + 4 + count * stride
    }

    /// A copy of a stretch of little-endian numbers.
    ///
    /// - Parameter range: within the file, a multiple of the element's size long.
    func elements<T: BitwiseCopyable>(_: T.Type, in range: Range<Int>) throws(ModelError) -> [T] {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        let count = range.count / MemoryLayout<T>.stride
        try spend(range.count, on: "vector at byte \(range.lowerBound)")
        // SAFETY: the source range was checked above and is copied to memory of `count` elements, all of which are
        // written; T is a number, for which all bits are valid; every machine this runs on is little-endian.
        return bytes.withUnsafeBytes { source in
            [T](unsafeUninitializedCapacity: count) { target, written in
                let length = count * MemoryLayout<T>.stride
                UnsafeMutableRawBufferPointer(target).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[range.lowerBound..<range.lowerBound + length]))
                written = count
            }
        }
    }

    private func outside(_ offset: Int, _ what: String) -> ModelError {
        .malformed(
            .init(
                what, expected: "an offset within the file's \(bytes.count) bytes", found: "\(offset)",
                advice: "the file is cut short or damaged; fetch it again"))
    }
}
