import Protobuf
import Testing

/// What the tests throw.
enum Failure: Error, Equatable, ProtobufFailure {
    case broken(String, Int)

    static func malformed(_ what: String, expected: String, found: String, byte: Int) -> Failure { .broken(what, byte) }
    static func tooLarge(_ what: String, expected: String, found: String, byte: Int) -> Failure { .broken(what, byte) }
}

@Suite struct ProtobufWriterTests {
    /// The reader is held against other people's files by its users; here it proves the writer.
    @Test(arguments: [0, 1, 126, 127, 128, 300, 16_383, 16_384, 2_097_152])
    func aNestedMessageOfAnyLengthIsReadBack(_ count: Int) throws {
        let text = String(repeating: "a", count: count)
        var writer = ProtobufWriter()
        writer.varint(1, .max)
        writer.message(2) { inner in
            inner.message(1) { $0.text(3, text) }
            inner.boolean(2, true)
        }
        writer.double(3, -0.5)
        writer.float(500_000, 2)

        var reader = ProtobufReader<Failure>(writer.bytes)
        #expect(try reader.next()?.content == .varint(.max))
        let outer = try #require(try reader.next())
        var inner = try reader.message(outer)
        let innermost = try #require(try inner.next())
        var last = try inner.message(innermost)
        let field = try #require(try last.next())
        #expect(try last.string(field, limit: .max) == text)
        #expect(try last.next() == nil)
        #expect(try inner.next()?.content == .varint(1))
        #expect(try inner.next() == nil)
        #expect(try reader.next()?.content == .fixed64((-0.5).bitPattern))
        #expect(try reader.next()?.content == .fixed32(Float(2).bitPattern))
        #expect(try reader.next() == nil)
    }

    /// - Source: Protocol Buffers, "Encoding": 150 in field 1 is 08 96 01, "testing" in field 2 is 12 07 74 ...
    @Test func writesTheExamplesOfTheStandard() {
        var writer = ProtobufWriter()
        writer.varint(1, 150)
        writer.text(2, "testing")
        writer.message(3) { $0.varint(1, 150) }
        #expect(
            writer.bytes == [
                0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67, 0x1a, 0x03, 0x08, 0x96, 0x01,
            ])
        writer.removeAll()
        #expect(writer.bytes.isEmpty)
    }

    @Test func aLengthBeyondTheMessageIsRefused() {
        var reader = ProtobufReader<Failure>([0x12, 0x05, 0x61])
        #expect(throws: Failure.broken("length", 0)) { _ = try reader.next() }
    }
}
