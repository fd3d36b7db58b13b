/// Reads the fields of one protobuf message, in the order in which they lie.
///
/// Nothing is copied: a reader of a nested message looks at the same bytes. Each length is checked against what is left
/// of the enclosing message before anything is done with it.
///
/// - Source: Protocol Buffers, "Encoding".
struct ProtobufReader {
    /// One field: its number, its content, and where it begins in the file.
    struct Field {
        enum Content: Hashable {
            case varint(UInt64)
            case fixed64(UInt64)
            case bytes(Range<Int>)
            case fixed32(UInt32)
        }
        let number: Int
        let content: Content
        let offset: Int
    }

    /// Messages within messages; a network's graph within a graph takes three.
    static let maximumDepth = 32

    private let file: [UInt8]
    private var position: Int
    private let end: Int
    private let depth: Int

    init(_ file: [UInt8]) {
        self.init(file, 0..<file.count, depth: 0)
    }

    private init(_ file: [UInt8], _ range: Range<Int>, depth: Int) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
        self.depth = depth
    }

    /// The next field, nil at the end of the message.
    /// - Throws: `.malformed` where the message is cut short or breaks the encoding.
    mutating func next() throws(ModelError) -> Field? {
        guard position < end else { return nil }
        let offset = position
        let key = try varint()
        let number = key >> 3
        guard number >= 1, number < 1 << 29 else {
            throw malformed("field number", "1 to \(1 << 29 - 1)", "\(number)", offset)
        }
        let content: Field.Content
        switch key & 7 {
        case 0: content = .varint(try varint())
        case 1: content = .fixed64(try fixed(UInt64.self))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else {
                throw malformed("length", "at most the \(end - position) bytes that are left", "\(length)", offset)
            }
            content = .bytes(position..<position + Int(length))
            position += Int(length)
        case 5: content = .fixed32(try fixed(UInt32.self))
        case let type: throw malformed("wire type", "0, 1, 2 or 5 (groups are long gone)", "\(type)", offset)
        }
        return Field(number: Int(number), content: content, offset: offset)
    }

    /// A reader of the message that a field holds.
    func message(_ field: Field) throws(ModelError) -> ProtobufReader {
        guard depth < Self.maximumDepth else {
            throw malformed("nesting", "at most \(Self.maximumDepth) messages", "more", field.offset)
        }
        return ProtobufReader(file, try range(field), depth: depth + 1)
    }

    /// Where the bytes of a field lie in the file.
    func range(_ field: Field) throws(ModelError) -> Range<Int> {
        guard case .bytes(let range) = field.content else { throw wrongType(field, "bytes") }
        return range
    }

    /// - Parameter limit: names of a network are short, and stand in many messages.
    func string(_ field: Field, limit: Int = 1024) throws(ModelError) -> String {
        let range = try range(field)
        guard range.count <= limit else {
            throw .tooLarge(
                .init("text", expected: "at most \(limit) bytes", found: "\(range.count)", place: place(field.offset)))
        }
        guard let text = String(validating: file[range], as: UTF8.self) else {
            throw malformed("text", "UTF-8", "other bytes", field.offset)
        }
        return text
    }

    func integer(_ field: Field) throws(ModelError) -> Int64 {
        guard case .varint(let bits) = field.content else { throw wrongType(field, "a varint") }
        return Int64(bitPattern: bits)
    }

    func float(_ field: Field) throws(ModelError) -> Float {
        guard case .fixed32(let bits) = field.content else { throw wrongType(field, "4 bytes") }
        return Float(bitPattern: bits)
    }

    /// Appends a repeated field of varints, packed or not.
    func append(_ field: Field, to integers: inout [Int64]) throws(ModelError) {
        guard case .bytes(let range) = field.content else {
            integers.append(try integer(field))
            return
        }
        var reader = ProtobufReader(file, range, depth: depth)
        while reader.position < reader.end { integers.append(Int64(bitPattern: try reader.varint())) }
    }

    /// Appends a repeated field of floats, packed or not.
    func append(_ field: Field, to floats: inout [Float]) throws(ModelError) {
        guard case .bytes(let range) = field.content else {
            floats.append(try float(field))
            return
        }
        floats += try numbers(range, at: field.offset, as: UInt32.self).map { Float(bitPattern: $0) }
    }

    /// Appends a repeated field of doubles, packed or not, as floats.
    func append(doubles field: Field, to floats: inout [Float]) throws(ModelError) {
        switch field.content {
        case .fixed64(let bits): floats.append(Float(Double(bitPattern: bits)))
        case .bytes(let range):
            floats += try numbers(range, at: field.offset, as: UInt64.self).map { Float(Double(bitPattern: $0)) }
        default: throw wrongType(field, "8 bytes")
        }
    }

    /// Little-endian numbers that fill a range of the file.
    /// - Throws: `.malformed` where the range ends within a number.
    func numbers<Number: FixedWidthInteger>(
        _ range: Range<Int>, at offset: Int, as type: Number.Type
    ) throws(ModelError) -> [Number] {
        let size = MemoryLayout<Number>.size
        guard range.count % size == 0 else {
            throw malformed("bytes of numbers", "a multiple of \(size)", "\(range.count)", offset)
        }
        // SAFETY: the slice checks the range against the file, and the last load ends at `range.count`, which is a
        // multiple of the size.
        return file[range].withUnsafeBytes { bytes in
            (0..<bytes.count / size).map {
                Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self))
            }
        }
    }

    /// An error at a byte of the file.
    func malformed(_ what: String, _ expected: String, _ found: String, _ offset: Int) -> ModelError {
        .malformed(.init(what, expected: expected, found: found, place: place(offset)))
    }

    private func place(_ offset: Int) -> String { "byte \(offset)" }

    private func wrongType(_ field: Field, _ expected: String) -> ModelError {
        malformed("field \(field.number)", expected, "another wire type", field.offset)
    }

    private mutating func varint() throws(ModelError) -> UInt64 {
        let start = position
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw malformed("varint", "another byte", "the end of the message", start) }
            let byte = UInt64(file[position])
            position += 1
            // The tenth byte holds the last bit alone.
            if shift == 63, byte > 1 { break }
            result |= (byte & 0x7f) << shift
            if byte < 0x80 { return result }
        }
        throw malformed("varint", "at most 64 bits", "more", start)
    }

    private mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws(ModelError) -> Number {
        let size = MemoryLayout<Number>.size
        guard end - position >= size else {
            throw malformed("number", "\(size) bytes", "\(end - position)", position)
        }
        defer { position += size }
        return (0..<size).reduce(0) { $0 | Number(file[position + $1]) << ($1 * 8) }
    }
}
