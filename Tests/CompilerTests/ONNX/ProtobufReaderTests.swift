import Protobuf
import Testing

@testable import Compiler

/// The encoding, and what breaks it.
@Suite struct ProtobufReaderTests {
    private static func fields(_ bytes: [UInt8]) throws(ModelError) -> [ONNXReader.Field] {
        var reader = ONNXReader(bytes)
        var fields: [ONNXReader.Field] = []
        while let field = try reader.next() { fields.append(field) }
        return fields
    }

    @Test func readsEachWireType() throws {
        var writer = ProtobufWriter()
        writer.integer(1, -1)
        writer.raw([0x11, 1, 2, 3, 4, 5, 6, 7, 8])
        writer.text(3, "abc")
        writer.float(4, 1.5)
        writer.integer(500_000, 7)
        let fields = try Self.fields(writer.bytes)
        #expect(fields.map(\.number) == [1, 2, 3, 4, 500_000])
        let reader = ONNXReader(writer.bytes)
        #expect(try reader.integer(fields[0]) == -1)
        #expect(fields[1].content == .fixed64(0x0807_0605_0403_0201))
        #expect(try reader.string(fields[2]) == "abc")
        #expect(try reader.float(fields[3]) == 1.5)
        #expect(fields.map(\.offset) == [0, 11, 20, 25, 30])
    }

    @Test func readsPackedAndUnpackedNumbersAlike() throws {
        var writer = ProtobufWriter()
        writer.integer(1, 300)
        writer.data(1, ProtobufWriter.varint(5) + ProtobufWriter.varint(.max))
        writer.float(2, 0.5)
        writer.data(2, ProtobufWriter.bytes(of: Float(-2).bitPattern) + ProtobufWriter.bytes(of: Float(3).bitPattern))
        var (integers, floats): ([Int64], [Float]) = ([], [])
        let reader = ONNXReader(writer.bytes)
        for field in try Self.fields(writer.bytes) {
            if field.number == 1 {
                try reader.append(field, to: &integers)
            } else {
                try reader.append(field, to: &floats)
            }
        }
        #expect(integers == [300, 5, -1])
        #expect(floats == [0.5, -2, 3])
    }

    /// What is wrong, and the words that must name it.
    struct Broken: CustomTestStringConvertible, Sendable {
        let bytes: [UInt8]
        let words: String
        var testDescription: String { words }
    }

    static let broken = [
        Broken(bytes: [0x08], words: "varint at byte 1: expected another byte"),
        Broken(bytes: [0x08] + [UInt8](repeating: 0x80, count: 10) + [1], words: "at most 64 bits"),
        Broken(bytes: [0x08] + [UInt8](repeating: 0xff, count: 9) + [2], words: "at most 64 bits"),
        Broken(bytes: [0x0a, 5, 1, 2], words: "at most the 2 bytes that are left, found 5"),
        Broken(bytes: [0x0a] + ProtobufWriter.varint(.max), words: "found 18446744073709551615"),
        Broken(bytes: [0x09, 1, 2, 3], words: "expected 8 bytes, found 3"),
        Broken(bytes: [0x0d, 1], words: "expected 4 bytes, found 1"),
        Broken(bytes: [0x0b, 0x0c], words: "groups are long gone"),
        Broken(bytes: [0x0f], words: "wire type"),
        Broken(bytes: [0x00, 0], words: "field number"),
        Broken(bytes: ProtobufWriter.varint(1 << 32), words: "field number"),
    ]

    @Test(arguments: broken)
    func refusesWhatBreaksTheEncoding(_ broken: Broken) throws {
        let error = try #require(throws: ModelError.self) { try Self.fields(broken.bytes) }
        #expect(error.code == "model.malformed")
        #expect(error.description.contains(broken.words), "\(error)")
    }

    @Test func refusesNestingWithoutEnd() throws {
        var bytes: [UInt8] = []
        for _ in 0..<100 { bytes = [0x0a] + ProtobufWriter.varint(UInt64(bytes.count)) + bytes }
        func depth(_ reader: ONNXReader) throws(ModelError) -> Int {
            var reader = reader
            guard let field = try reader.next() else { return 0 }
            return try depth(try reader.message(field)) + 1
        }
        let error = try #require(throws: ModelError.self) { try depth(ONNXReader(bytes)) }
        #expect(error.description.contains("at most 32 messages"), "\(error)")
        #expect(try depth(ONNXReader([0x0a, 2, 0x0a, 0])) == 2)
    }

    @Test func refusesAFieldOfAnotherWireType() throws {
        let reader = ONNXReader([0x08, 1, 0x12, 1, 0xff])
        let fields = try Self.fields([0x08, 1, 0x12, 1, 0xff])
        #expect(throws: ModelError.self) { try reader.string(fields[0]) }
        #expect(throws: ModelError.self) { try reader.float(fields[0]) }
        #expect(throws: ModelError.self) { try reader.integer(fields[1]) }
        let error = try #require(throws: ModelError.self) { try reader.string(fields[1]) }
        #expect(error.description.contains("UTF-8"), "\(error)")
    }
}
