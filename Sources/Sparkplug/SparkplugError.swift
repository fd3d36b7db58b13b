import Protobuf

/// Why the bytes of a message are no Sparkplug B payload.
package enum SparkplugError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes break the encoding.
    case malformed(what: String, expected: String, found: String, byte: Int)
    /// Well-formed, and more than any sensor network sends in one message.
    case tooLarge(what: String, expected: String, found: String, byte: Int)

    package var description: String {
        switch self {
        case .malformed(let what, let expected, let found, let byte),
            .tooLarge(let what, let expected, let found, let byte):
            "\(what) at byte \(byte): expected \(expected), found \(found)"
        }
    }

    /// Where it was noticed.
    package var byte: Int {
        switch self {
        case .malformed(_, _, _, let byte), .tooLarge(_, _, _, let byte): byte
        }
    }

    /// Stable word for counters.
    package var code: String {
        switch self {
        case .malformed: "sparkplug"
        case .tooLarge: "too_large"
        }
    }
}

extension SparkplugError: ProtobufFailure {
    package static func malformed(_ what: String, expected: String, found: String, byte: Int) -> SparkplugError {
        .malformed(what: what, expected: expected, found: found, byte: byte)
    }

    package static func tooLarge(_ what: String, expected: String, found: String, byte: Int) -> SparkplugError {
        .tooLarge(what: what, expected: expected, found: found, byte: byte)
    }
}

typealias SparkplugReader = ProtobufReader<SparkplugError>
