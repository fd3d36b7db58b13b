import Glibc
import Testing
import Trust

@Suite struct KeyTests {
    struct Vector: Sendable {
        var seed: String
        var publicKey: String
        var message: String
        var signature: String
    }

    /// RFC 8032, 7.1, tests 1 to 3.
    static let vectors: [Vector] = [
        .init(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        .init(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        .init(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
            signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]

    @Test(arguments: vectors) func agreesWithTheStandard(_ vector: Vector) throws {
        let key = try PrivateKey(seed: try #require(Hex.bytes(vector.seed)))
        let message = try #require(Hex.bytes(vector.message))
        let signature = try #require(Hex.bytes(vector.signature))
        #expect(key.publicKey.hex == vector.publicKey)
        #expect(try key.signature(of: message) == signature)
        #expect(key.publicKey.isValid(signature: signature, for: message))
    }

    @Test func signatureWithAnyBitFlippedIsNotValid() throws {
        let key = try PrivateKey.generate()
        let message = Array("model".utf8)
        let signature = try key.signature(of: message)
        for bit in 0..<signature.count * 8 {
            var flipped = signature
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.publicKey.isValid(signature: flipped, for: message))
        }
    }

    @Test(arguments: [0, 1, 63, 65, 1_000]) func signatureOfAnotherLengthIsNotValid(_ count: Int) throws {
        let key = try PrivateKey.generate().publicKey
        #expect(!key.isValid(signature: [UInt8](repeating: 7, count: count), for: []))
    }

    @Test func keyThatIsNoPointOfTheCurveVerifiesNothing() throws {
        let key = try PublicKey(bytes: [UInt8](repeating: 0xFF, count: 32))
        #expect(!key.isValid(signature: [UInt8](repeating: 0, count: 64), for: []))
    }

    @Test func twoGeneratedKeysDiffer() throws {
        #expect(try PrivateKey.generate().publicKey != PrivateKey.generate().publicKey)
    }

    /// The expected id was computed with securesystemslib 1.6.0 (Python) from TUF's key object.
    @Test func keyIDIsTheDigestOfTheCanonicalKeyObject() throws {
        let key = try PublicKey(hex: Self.vectors[0].publicKey)
        let text =
            "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"\(Self.vectors[0].publicKey)\"},\"scheme\":\"ed25519\"}"
        #expect(key.keyObject.canonicalBytes() == Array(text.utf8))
        #expect(key.id.hex == "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916")
    }

    @Test func pemFileComesBackAndOnlyItsOwnerMayReadIt() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/key.pem"
            let key = try PrivateKey.generate()
            umask(0)
            try key.create(file: path)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let back = try PrivateKey(file: path)
            #expect(back.publicKey == key.publicKey)
            #expect(String(decoding: try key.pem(), as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        }
    }

    @Test func keyFileThatOthersMayReadIsRefused() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/key.pem"
            try PrivateKey.generate().create(file: path)
            chmod(path, 0o640)
            #expect(throws: TrustError.exposedKey(path: path, mode: 0o640)) { try PrivateKey(file: path) }
        }
    }

    @Test func keyFileIsNeverReplaced() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/key.pem"
            let key = try PrivateKey.generate()
            try key.create(file: path)
            #expect(throws: TrustError.file(path: path, operation: "create", errno: EEXIST)) {
                try PrivateKey.generate().create(file: path)
            }
            #expect(try PrivateKey(file: path).publicKey == key.publicKey)
        }
    }

    /// RSA, P-256, encrypted, cut short, nothing at all: each is a typed error and no prompt at a terminal.
    @Test(arguments: [
        "", "-----BEGIN PRIVATE KEY-----\n",
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZyaA9FiGxqPjJYWG
        -----END PRIVATE KEY-----
        """,
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw
        -----END ENCRYPTED PRIVATE KEY-----
        """,
    ]) func otherPemIsRefused(_ text: String) {
        #expect(throws: TrustError.self) { try PrivateKey(pem: Array(text.utf8)) }
    }

    @Test func everyCutOfAPemFileIsRefusedWithoutACrash() throws {
        let pem = try PrivateKey.generate().pem()
        for count in 0..<pem.count - 1 {
            #expect(throws: TrustError.self) { try PrivateKey(pem: Array(pem.prefix(count))) }
        }
    }
}
