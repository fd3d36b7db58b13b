import Alerts
import Glibc
import Scoring
import Signals
import YAML

/// The files of a solution pack that the daemon uses.
struct PackFiles: Sendable {
    var directory: String

    /// Name of the pack: its folder's name.
    var name: String { directory.split(separator: "/").last.map(String.init) ?? directory }

    /// The model that the pack ships, if it ships one.
    var modelPath: String? {
        let path = "\(directory)/model/\(name).mwplan"
        return access(path, R_OK) == 0 ? path : nil
    }

    /// - Throws: with file, line and column of each mistake.
    func rules() throws -> RuleSet {
        let path = "\(directory)/rules.yaml"
        return try RuleSet.parse(try TextFile.read(path), file: path, features: Feature.allCases.map(\.rawValue))
    }
}
