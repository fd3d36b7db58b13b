/// What a module that reads protobuf throws when the bytes break the encoding.
package protocol ProtobufFailure: Error {
    /// - Parameter byte: where the wrong thing begins.
    static func malformed(_ what: String, expected: String, found: String, byte: Int) -> Self
    static func tooLarge(_ what: String, expected: String, found: String, byte: Int) -> Self
}

/// One field: its number, its content, and where it begins.
package struct ProtobufField: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(Range<Int>)
        case fixed32(UInt32)
    }
    package let number: Int
    package let content: Content
    package let offset: Int

    @usableFromInline
    init(number: Int, content: Content, offset: Int) {
        self.number = number
        self.content = content
        self.offset = offset
    }
}

/// Reads the fields of one protobuf message, in the order in which they lie.
///
/// Nothing is copied: a reader of a nested message looks at the same bytes. Each length is checked against what is left
/// of the enclosing message before anything is done with it.
///
/// - Source: Protocol Buffers, "Encoding".
package struct ProtobufReader<Failure: ProtobufFailure> {
    package typealias Field = ProtobufField

    /// Messages within messages; a network's graph within a graph takes three.
    package static var maximumDepth: Int { 32 }

    @usableFromInline let file: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline let end: Int
    @usableFromInline let depth: Int

    @inlinable
    package init(_ file: [UInt8]) {
        self.init(file, 0..<file.count, depth: 0)
    }

    @inlinable
    init(_ file: [UInt8], _ range: Range<Int>, depth: Int) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
        self.depth = depth
    }

    /// The next field, nil at the end of the message.
    /// - Throws: `.malformed` where the message is cut short or breaks the encoding.
    @inlinable
    package mutating func next() throws(Failure) -> Field? {
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
    @inlinable
    package func message(_ field: Field) throws(Failure) -> ProtobufReader {
        guard depth < Self.maximumDepth else {
            throw malformed("nesting", "at most \(Self.maximumDepth) messages", "more", field.offset)
        }
        return ProtobufReader(file, try range(field), depth: depth + 1)
    }

    /// Where the bytes of a field lie in the file.
    @inlinable
    package func range(_ field: Field) throws(Failure) -> Range<Int> {
        guard case .bytes(let range) = field.content else { throw wrongType(field, "bytes") }
        return range
    }

    /// - Parameter limit: names of a network are short, and stand in many messages.
    @inlinable
    package func string(_ field: Field, limit: Int = 1024) throws(Failure) -> String {
        let range = try range(field)
        guard range.count <= limit else {
            throw .tooLarge("text", expected: "at most \(limit) bytes", found: "\(range.count)", byte: field.offset)
        }
        guard let text = String(validating: file[range], as: UTF8.self) else {
            throw malformed("text", "UTF-8", "other bytes", field.offset)
        }
        return text
    }

    /// Whether a range of the file holds just this text.
    @inlinable
    package func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        // SAFETY: a static text lies in the program for ever, with as many bytes as it says.
        return file[range].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable
    package func integer(_ field: Field) throws(Failure) -> Int64 {
        guard case .varint(let bits) = field.content else { throw wrongType(field, "a varint") }
        return Int64(bitPattern: bits)
    }

    @inlinable
    package func float(_ field: Field) throws(Failure) -> Float {
        guard case .fixed32(let bits) = field.content else { throw wrongType(field, "4 bytes") }
        return Float(bitPattern: bits)
    }

    /// Appends a repeated field of varints, packed or not.
    @inlinable
    package func append(_ field: Field, to integers: inout [Int64]) throws(Failure) {
        guard case .bytes(let range) = field.content else {
            integers.append(try integer(field))
            return
        }
        var reader = ProtobufReader(file, range, depth: depth)
        while reader.position < reader.end { integers.append(Int64(bitPattern: try reader.varint())) }
    }

    /// Appends a repeated field of floats, packed or not.
    @inlinable
    package func append(_ field: Field, to floats: inout [Float]) throws(Failure) {
        guard case .bytes(let range) = field.content else {
            floats.append(try float(field))
            return
        }
        floats += try numbers(range, at: field.offset, as: UInt32.self).map { Float(bitPattern: $0) }
    }

    /// Appends a repeated field of doubles, packed or not, as floats.
    @inlinable
    package func append(doubles field: Field, to floats: inout [Float]) throws(Failure) {
        switch field.content {
        case .fixed64(let bits): floats.append(Float(Double(bitPattern: bits)))
        case .bytes(let range):
            floats += try numbers(range, at: field.offset, as: UInt64.self).map { Float(Double(bitPattern: $0)) }
        default: throw wrongType(field, "8 bytes")
        }
    }

    /// Little-endian numbers that fill a range of the file.
    /// - Throws: `.malformed` where the range ends within a number.
    @inlinable
    package func numbers<Number: FixedWidthInteger>(
        _ range: Range<Int>, at offset: Int, as type: Number.Type
    ) throws(Failure) -> [Number] {
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
    @inlinable
    package func malformed(_ what: String, _ expected: String, _ found: String, _ offset: Int) -> Failure {
        .malformed(what, expected: expected, found: found, byte: offset)
    }

    @usableFromInline
    func wrongType(_ field: Field, _ expected: String) -> Failure {
        malformed("field \(field.number)", expected, "another wire type", field.offset)
    }

    @inlinable
    mutating func varint() throws(Failure) -> UInt64 {
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

    @inlinable
    mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws(Failure) -> Number {
        let size = MemoryLayout<Number>.size
        guard end - position >= size else {
            throw malformed("number", "\(size) bytes", "\(end - position)", position)
        }
        defer { position += size }
        return (0..<size).reduce(0) { $0 | Number(file[position + $1]) << ($1 * 8) }
    }
}
