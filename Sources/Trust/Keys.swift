import CLibcrypto

/// The name of a key in signed metadata: SHA-256 of the canonical JSON of its key object, as TUF has it.
package struct KeyID: Hashable, Sendable {
    package let hex: String
}

/// An Ed25519 public key.
package struct PublicKey: Hashable, Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]
    package let id: KeyID

    /// Takes the 32 raw bytes.
    package init(bytes: [UInt8]) throws(TrustError) {
        guard bytes.count == mw_ed25519_key_bytes else {
            throw .malformedKey(expected: "32 bytes", found: "\(bytes.count) bytes")
        }
        self.bytes = bytes
        self.id = KeyID(hex: try Digest(of: Self.keyObject(bytes).canonicalBytes()).hex)
    }

    /// Reads 64 lower-case hexadecimal digits; blanks around them are ignored.
    package init(hex: String) throws(TrustError) {
        let trimmed = String(hex.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        guard let bytes = Hex.bytes(trimmed), bytes.count == mw_ed25519_key_bytes else {
            throw .malformedKey(
                expected: "64 lower-case hexadecimal digits", found: "\(trimmed.utf8.count) characters")
        }
        try self.init(bytes: bytes)
    }

    package var hex: String { Hex.text(bytes) }

    /// The key as TUF metadata lists it.
    package var keyObject: StrictJSON { Self.keyObject(bytes) }

    /// Whether this is the key's signature of the message; false for a signature of any other shape.
    package func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        mw_ed25519_is_valid(bytes, message, message.count, signature, signature.count) == 1
    }

    private static func keyObject(_ bytes: [UInt8]) -> StrictJSON {
        .object([
            .init("keytype", .string("ed25519")),
            .init("keyval", .object([.init("public", .string(Hex.text(bytes)))])),
            .init("scheme", .string("ed25519")),
        ])
    }
}

/// An Ed25519 private key. It has no description, so that it cannot slip into a log.
package struct PrivateKey: Sendable {
    private let seed: [UInt8]
    package let publicKey: PublicKey

    /// Takes the 32-byte seed of RFC 8032.
    package init(seed: [UInt8]) throws(TrustError) {
        guard seed.count == mw_ed25519_key_bytes else {
            throw .malformedKey(expected: "a seed of 32 bytes", found: "\(seed.count) bytes")
        }
        var publicBytes = [UInt8](repeating: 0, count: mw_ed25519_key_bytes)
        guard mw_ed25519_public_key(seed, &publicBytes) == 1 else { throw .library(operation: "Ed25519 public key") }
        self.seed = seed
        self.publicKey = try PublicKey(bytes: publicBytes)
    }

    /// A new key from libcrypto's random source.
    package static func generate() throws(TrustError) -> PrivateKey {
        var seed = [UInt8](repeating: 0, count: mw_ed25519_key_bytes)
        guard mw_ed25519_generate(&seed) == 1 else { throw .library(operation: "Ed25519 key generation") }
        return try PrivateKey(seed: seed)
    }

    /// Reads PEM PKCS#8, unencrypted.
    package init(pem: [UInt8]) throws(TrustError) {
        var seed = [UInt8](repeating: 0, count: mw_ed25519_key_bytes)
        guard mw_ed25519_read_pem(pem, pem.count, &seed) == 1 else {
            throw .malformedKey(
                expected: "an unencrypted Ed25519 private key in PEM PKCS#8", found: "\(pem.count) other bytes")
        }
        try self.init(seed: seed)
    }

    /// The key as PEM PKCS#8.
    package func pem() throws(TrustError) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: 512)
        let count = mw_ed25519_write_pem(seed, &text, text.count)
        guard count > 0 else { throw .library(operation: "writing PEM") }
        return Array(text.prefix(Int(count)))
    }

    /// The 64-byte signature of a message. Source: RFC 8032, 5.1.6.
    package func signature(of message: [UInt8]) throws(TrustError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: mw_ed25519_signature_bytes)
        guard mw_ed25519_sign(seed, message, message.count, &signature) == 1 else {
            throw .library(operation: "Ed25519 signature")
        }
        return signature
    }
}
