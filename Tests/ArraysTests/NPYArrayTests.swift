import Arrays
import Testing

@Suite("arrays as NumPy writes them") struct NPYArrayTests {
    /// A file made by hand, field by field, so that reading is not tested with our own writing.
    static func file(
        _ shape: String, _ values: [UInt8], descr: String = "|u1", order: String = "False", version: UInt8 = 1
    ) -> [UInt8] {
        var header = "{'descr': '\(descr)', 'fortran_order': \(order), 'shape': \(shape), }"
        while (header.utf8.count + 11) % 64 != 0 { header += " " }
        header += "\n"
        var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0]
        bytes += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
        if version > 1 { bytes += [0, 0] }
        return bytes + header.utf8 + values
    }

    @Test(arguments: [UInt8(1), 2, 3]) func everyVersionReads(version: UInt8) throws {
        let halves: [UInt8] = [0, 0, 0x20, 0x3F, 0, 0, 0xD0, 0xC0]
        let array = try NPYArray(Self.file("(2, 1)", halves, descr: "<f4", version: version))
        #expect(array.shape == [2, 1])
        #expect(try array.floats() == [0.625, -6.5])
    }

    @Test(arguments: NPYArray.Kind.allCases) func eachKindReadsAndIsWrittenAsItWasRead(kind: NPYArray.Kind) throws {
        let bytes = (0..<3 * kind.size).map { UInt8($0) }
        let array = try NPYArray(Self.file("(3,)", bytes, descr: kind.rawValue))
        #expect(array == NPYArray(kind: kind, shape: [3], bytes: bytes))
        #expect(try NPYArray(array.file) == array)
        #expect((array.file.count - bytes.count) % 64 == 0)
    }

    @Test(arguments: ["()", "(1,)", "(0, 4)", "(2, 3, 1)"]) func shapesOfAnyRank(shape: String) throws {
        let sizes = shape.split { !$0.isNumber }.compactMap { Int($0) }
        let array = try NPYArray(Self.file(shape, Array(repeating: 9, count: sizes.reduce(1, *))))
        #expect(array.shape == sizes)
        #expect(try NPYArray(array.file) == array)
    }

    @Test func anArrayCutShortAnywhereIsRefused() {
        let bytes = Self.file("(2, 3)", [1, 2, 3, 4, 5, 6])
        for length in bytes.indices {
            #expect(throws: NPYArray.Flaw.self) { try NPYArray(Array(bytes[..<length])) }
        }
        #expect(throws: NPYArray.Flaw.cutShort(expectedBytes: 6, foundBytes: 7)) { try NPYArray(bytes + [0]) }
    }

    @Test func flippedBitsAreReadOrRefusedButNeverCrash() {
        let bytes = Self.file("(2, 3)", [1, 2, 3, 4, 5, 6])
        for at in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[at] ^= 1 << bit
                if let array = try? NPYArray(flipped) {
                    #expect(array.bytes.count == array.kind.size * array.shape.reduce(1, *))
                }
            }
        }
    }

    @Test(arguments: ["(99999999999999999999,)", "(268435456, 268435456)", "(-1,)", "(x,)", "2"])
    func hostileShapesAreRefused(shape: String) {
        #expect(throws: NPYArray.Flaw.self) { try NPYArray(Self.file(shape, [1])) }
    }

    @Test(arguments: ["<c8", ">c8", "|O", "<U4", ""]) func otherTypesAreRefusedByTheirName(type: String) {
        #expect {
            try NPYArray(Self.file("(1,)", [1, 2, 3, 4], descr: type))
        } throws: { error in
            "\(error)".contains("'descr': '\(type)'") && "\(error)".contains("<f4")
        }
    }

    @Test func columnsFirstBecomesRowMajor() throws {
        let flat = try NPYArray(Self.file("(2, 3)", [1, 4, 2, 5, 3, 6], order: "True"))
        #expect(flat == NPYArray(kind: .uint8, shape: [2, 3], bytes: [1, 2, 3, 4, 5, 6]))
        // Of [2, 1, 2], 16 bits each: 0 and 1 in the first row, 2 and 3 in the second.
        let deep = try NPYArray(
            Self.file("(2, 1, 2)", [0, 0, 2, 0, 1, 0, 3, 0], descr: "<i2", order: "True"))
        #expect(deep == NPYArray(kind: .int16, shape: [2, 1, 2], bytes: [0, 0, 1, 0, 2, 0, 3, 0]))
        #expect(try NPYArray(Self.file("(3,)", [1, 2, 3], order: "True")).bytes == [1, 2, 3])
        #expect(try NPYArray(Self.file("()", [1], order: "True")).bytes == [1])
        #expect(throws: NPYArray.Flaw.notNPY("expected fortran_order True or False")) {
            try NPYArray(Self.file("(2, 2)", [1, 2, 3, 4], order: "Maybe"))
        }
    }

    @Test(arguments: [NPYArray.Kind.int16, .int32, .int64, .float32, .float64])
    func bigEndianBecomesLittleEndian(kind: NPYArray.Kind) throws {
        let bytes = (0..<2 * kind.size).map { UInt8($0) }
        let turned = bytes[..<kind.size].reversed() + bytes[kind.size...].reversed()
        let array = try NPYArray(Self.file("(2,)", Array(turned), descr: kind.rawValue.replacing("<", with: ">")))
        #expect(array == NPYArray(kind: kind, shape: [2], bytes: bytes))
    }

    @Test func aBatchIsSoManyTimesTheShape() {
        let batch = NPYArray(kind: .int8, shape: [6, 2], bytes: Array(repeating: 0, count: 12))
        #expect(batch.repeats(of: [6, 2]) == 1)
        #expect(batch.repeats(of: [1, 2]) == 6)
        #expect(batch.repeats(of: [3, 2]) == 2)
        #expect(batch.repeats(of: [4, 2]) == nil)
        #expect(batch.repeats(of: [1, 3]) == nil)
        #expect(batch.repeats(of: [2]) == nil)
    }

    @Test func floatsOfAnotherKindAreRefused() {
        #expect(throws: NPYArray.Flaw.notNPY("expected descr '<f4', found '|i1'")) {
            try NPYArray(kind: .int8, shape: [1], bytes: [1]).floats()
        }
    }
}
