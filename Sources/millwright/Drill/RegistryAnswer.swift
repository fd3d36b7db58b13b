import FoundationEssentials

/// What the registry's commands print with `--json`.
enum RegistryAnswer {
    static func read(_ text: String, _ field: String) throws -> String {
        let object = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
        guard let value = object[field] else {
            throw DrillError.daemonEnded("expected the field \(field) in the registry's answer, found \(text)")
        }
        return value
    }
}
