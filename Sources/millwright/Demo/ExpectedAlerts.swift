import FoundationEssentials
import Plant
import Store

/// What a pack's recording must raise: `replay/expected-alerts.json`.
struct ExpectedAlerts: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
        var code: String
    }

    var alerts: [Expected]

    var codes: [String] { alerts.map(\.code) }

    static func read(_ path: String) throws -> ExpectedAlerts {
        try JSONDecoder().decode(ExpectedAlerts.self, from: Data(try TextFile.read(path)))
    }

    /// The same alerts in the same order, and no others.
    func matches(_ histories: [AlertHistory]) -> Bool {
        histories.sorted { $0.alert.raisedAt < $1.alert.raisedAt }.map(\.alert.code) == codes && !codes.isEmpty
    }
}
