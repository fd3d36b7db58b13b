import Arrays
import Foundation
import Testing

@Suite("NPZ: arrays by name in a ZIP archive")
struct NPZArchiveTests {
    /// `numpy.savez_compressed` of a float32 [2, 3] as "x" and an int64 [1] as "n".
    private static let deflated = Data(
        base64Encoded:
            "UEsDBC0AAAAIAAAAIQALwLB2//////////8FABQAeC5ucHkBABAAmAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxc"
            + "pG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYIsGdgaADiA0DM4MDAoOAAAFBL"
            + "AwQtAAAACAAAACEAuZN7mP//////////BQAUAG4ubnB5AQAQAIgAAAAAAAAASAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRu"
            + "paBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOpo6CrUKFAAudgYIAABQSwECLQMtAAAACAAAACEAC8Cw"
            + "dlcAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwECLQMtAAAACAAAACEAuZN7mEgAAACIAAAABQAAAAAAAAAAAAAA"
            + "gAGOAAAAbi5ucHlQSwUGAAAAAAIAAgBmAAAADQEAAAAA")

    @Test("deflated arrays as NumPy writes them")
    func numpy() throws {
        let archive = try NPZArchive(Array(try #require(Self.deflated)))
        #expect(archive.names == ["n", "x"])
        let x = try #require(archive["x"])
        #expect(x.shape == [2, 3])
        #expect(try x.floats() == [0, 0.5, 1, 1.5, 2, 2.5])
        #expect(archive["n"]?.kind == .int64)
        #expect(archive["y"] == nil)
    }

    @Test("cut anywhere, or with any bit turned, it is read or refused, and never crashes")
    func hostile() throws {
        let whole = Array(try #require(Self.deflated))
        for count in 0..<whole.count {
            #expect(throws: NPZArchive.Flaw.self) { try NPZArchive(Array(whole[..<count])) }
        }
        var refused = 0
        for bit in 0..<whole.count * 8 {
            var changed = whole
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if (try? NPZArchive(changed)) == nil { refused += 1 }
        }
        #expect(refused > whole.count * 4)
    }

    /// `numpy.savez` of a complex128 [1] as "c" and a uint8 [1] as "u".
    private static let mixed = Data(
        base64Encoded:
            "UEsDBC0AAAAIAAAAIQBQP3Lg//////////8FABQAYy5ucHkBABAAkAAAAAAAAABNAAAAAAAAAJvsF+obEMnIUMZQrZ"
            + "6SWpxcpG6loG6TbGimrqOgnpZfVFKUmBefX5SSCpJwS8wpTgWKF2ckFqQC+RqGOpo6CrUK5AMuBjD4YA+hGRwAUEsD"
            + "BC0AAAAIAAAAIQBOF8Up//////////8FABQAdS5ucHkBABAAgQAAAAAAAABFAAAAAAAAAJvsF+obEMnIUMZQrZ6SWp"
            + "xcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoY6mjoKtQoUAC52AFBLAQItAy0AAAAIAAAA"
            + "IQBQP3LgTQAAAJAAAAAFAAAAAAAAAAAAAACAAQAAAABjLm5weVBLAQItAy0AAAAIAAAAIQBOF8UpRQAAAIEAAAAFAA"
            + "AAAAAAAAAAAACAAYQAAAB1Lm5weVBLBQYAAAAAAgACAGYAAAAAAQAAAAA=")

    @Test("an array of another kind is refused where it is asked for, and by its name")
    func otherKinds() throws {
        let archive = try NPZArchive(Array(try #require(Self.mixed)))
        #expect(archive.names == ["c", "u"])
        #expect(try archive.array("u")?.bytes == [7])
        #expect(try archive.array("v") == nil)
        #expect(archive["c"] == nil)
        let error = try #require(throws: NPZArchive.Flaw.self) { _ = try archive.array("c") }
        #expect(error.description.hasPrefix("c: expected descr to be one of"))
    }

    @Test("what was expected and what came is said")
    func messages() throws {
        var changed = Array(try #require(Self.deflated))
        let error = try #require(throws: NPZArchive.Flaw.self) { try NPZArchive([1, 2, 3]) }
        #expect(error.description == "expected a ZIP archive, found no end of directory in 3 bytes")
        // A byte of the deflated data.
        changed[60] ^= 0xFF
        let damaged = try #require(throws: NPZArchive.Flaw.self) { try NPZArchive(changed) }
        #expect(damaged.description.hasPrefix("x.npy: expected"))
    }
}
