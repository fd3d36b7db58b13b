import Glibc
import Testing
import Trust

@Suite struct DigestTests {
    struct Vector: Sendable {
        var message: String
        var digest: String
        var source: String
    }

    static let vectors: [Vector] = [
        .init(
            message: "", digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            source: "NIST CAVP SHA256ShortMsg, Len = 0"),
        .init(
            message: "abc", digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            source: "FIPS 180-2, B.1"),
        .init(
            message: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            digest: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", source: "FIPS 180-2, B.2"),
    ]

    @Test(arguments: vectors) func agreesWithTheStandard(_ vector: Vector) throws {
        #expect(try Digest(of: Array(vector.message.utf8)).hex == vector.digest, "\(vector.source)")
    }

    /// FIPS 180-2, B.3: one million times "a", in pieces that do not divide it.
    @Test func piecesGiveTheDigestOfTheWhole() throws {
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        var sum = try DigestSum()
        for start in stride(from: 0, to: message.count, by: 7_919) {
            try sum.update(message[start..<min(start + 7_919, message.count)])
        }
        let digest = try sum.finish()
        #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func fileLongerThanOnePieceHasTheDigestOfItsBytes() throws {
        try withTemporaryDirectory { directory in
            let bytes = (0..<600_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try KeyFile.create("\(directory)/model", bytes: bytes)
            let (digest, length) = try Digest.ofFile("\(directory)/model")
            #expect(digest == (try Digest(of: bytes)))
            #expect(length == 600_001)
        }
    }

    @Test func missingFileIsAnErrorWithItsPath() {
        #expect(throws: TrustError.file(path: "/nowhere/x", operation: "open", errno: ENOENT)) {
            try Digest.ofFile("/nowhere/x")
        }
    }

    @Test(arguments: ["", "ab", String(repeating: "A", count: 64), String(repeating: "g", count: 64)])
    func onlyLowerCaseHexOfTheRightLengthIsADigest(_ text: String) {
        #expect(Digest(hex: text) == nil)
    }
}

/// A directory of its own for one test, removed afterwards with the plain files in it.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = "/tmp/trust-tests-\(UInt64.random(in: 0...UInt64.max))"
    try #require(mkdir(path, 0o700) == 0)
    defer {
        if let entries = opendir(path) {
            while let entry = readdir(entries) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    // SAFETY: readdir ends each name with a zero inside the array.
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink("\(path)/\(name)")
            }
            closedir(entries)
        }
        rmdir(path)
    }
    try body(path)
}
