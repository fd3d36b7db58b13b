import FoundationEssentials

/// What a pack's recording must raise: `replay/expected-alerts.json`. In which windows is checked by the pack's own test,
/// which plays the recording without a network; here it is whether people are really told.
struct ExpectedAlerts: Decodable, Sendable {
    struct Expected: Decodable, Hashable, Sendable, CustomStringConvertible {
        var kind: String
        var code: String
        var severity: String

        var description: String { "\(code) \(kind) as \(severity)" }
    }

    var alerts: [Expected]

    static func read(_ path: String) throws -> ExpectedAlerts {
        try JSONDecoder().decode(ExpectedAlerts.self, from: Data(try TextFile.read(path)))
    }

    /// The messages that the webhook took, without those about what people did.
    static func published(_ bodies: [[UInt8]]) throws -> [Expected] {
        struct Message: Decodable {
            var event, code, severity: String
        }
        return try bodies.map { try JSONDecoder().decode(Message.self, from: Data($0)) }
            .filter { $0.event != "acknowledged" }
            .map { Expected(kind: $0.event, code: $0.code, severity: $0.severity) }
    }
}
