import Glibc
package import Plant

/// Why a key, a digest or signed metadata is not accepted.
package enum TrustError: Error, Hashable, Sendable {
    /// The text is no JSON as ``StrictJSON`` reads it; offset in bytes from the start.
    case malformedJSON(expected: String, found: String, offset: Int)
    case tooLarge(limitBytes: Int, foundBytes: Int)
    /// A member is missing or has another type or value; `at` is its path: `signed.targets["a/b"].length`.
    case malformedMetadata(at: String, expected: String, found: String)
    /// Fewer valid signatures by distinct trusted keys than the threshold.
    case belowThreshold(expected: Int, found: Int, trusted: [KeyID], signedBy: [String])
    /// Two signatures by one key id: refused, because counting them twice is what an attacker would want.
    case repeatedKeyID(String)
    case rolledBack(expectedAtLeast: Int64, found: Int64)
    case expired(at: WallTime, now: WallTime)
    case wrongDigest(expected: Digest, found: Digest)
    case wrongLength(expectedBytes: Int64, foundBytes: Int64)
    case malformedKey(expected: String, found: String)
    /// A private key that others on the machine may read.
    case exposedKey(path: String, mode: UInt32)
    /// A call of the system failed; the number is `errno`.
    case file(path: String, operation: String, errno: Int32)
    /// libcrypto failed where it never should (out of memory, a provider not loaded).
    case library(operation: String)

    /// Stable code for logs and counters.
    package var code: String {
        switch self {
        case .malformedJSON: "trust.json"
        case .tooLarge: "trust.too_large"
        case .malformedMetadata: "trust.metadata"
        case .belowThreshold: "trust.threshold"
        case .repeatedKeyID: "trust.repeated_key"
        case .rolledBack: "trust.rolled_back"
        case .expired: "trust.expired"
        case .wrongDigest: "trust.digest"
        case .wrongLength: "trust.length"
        case .malformedKey: "trust.key"
        case .exposedKey: "trust.exposed_key"
        case .file: "trust.file"
        case .library: "trust.library"
        }
    }
}

extension TrustError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedJSON(let expected, let found, let offset):
            "JSON: expected \(expected), found \(found) at byte \(offset)"
        case .tooLarge(let limit, let found): "expected at most \(limit) bytes, found \(found)"
        case .malformedMetadata(let place, let expected, let found): "\(place): expected \(expected), found \(found)"
        case .belowThreshold(let expected, let found, let trusted, let signedBy):
            "expected \(expected) valid signature(s) by the trusted keys \(trusted.map(\.hex)), found \(found) among "
                + "the signatures by \(signedBy)"
        case .repeatedKeyID(let id): "expected one signature for each key, found two by \(id)"
        case .rolledBack(let expected, let found): "expected version \(expected) or later, found \(found)"
        case .expired(let at, let now):
            "expected metadata valid at \(Timestamp.text(now)), found expiry \(Timestamp.text(at))"
        case .wrongDigest(let expected, let found): "expected SHA-256 \(expected.hex), found \(found.hex)"
        case .wrongLength(let expected, let found): "expected \(expected) bytes, found \(found)"
        case .malformedKey(let expected, let found): "key: expected \(expected), found \(found)"
        case .exposedKey(let path, let mode):
            "\(path): expected a key file that only its owner may read (mode 600), found mode \(String(mode, radix: 8))"
        case .file(let path, let operation, let number):
            "\(path): \(operation) failed: \(String(cString: strerror(number)))"
        case .library(let operation): "libcrypto failed at \(operation)"
        }
    }
}
