/// The rows of Package.swift: what each target may import.
struct ModuleTable {
    struct Row {
        var kind: String
        var uses: Set<String>
        var packages: Set<String>
    }
    let rows: [String: Row]

    /// Modules that a package's product brings beside its own name, where our code imports them.
    static let modulesOfPackage: [String: Set<String>] = [
        "ArgumentParser": ["ArgumentParser"], "Logging": ["Logging"],
        "ServiceLifecycle": ["ServiceLifecycle", "UnixSignals"],
        "Hummingbird": ["Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "ServiceLifecycle"],
    ]

    /// - Parameter manifest: text of Package.swift; only rows `module("Name", .kind, uses: [...], packages: [...])` count.
    init(manifest: String) {
        var rows: [String: Row] = [:]
        let row = #/module\(\s*"(?<name>[\w-]+)"(?<rest>(?:[^()]|\([^()]*\))*)\)/#
        for match in manifest.matches(of: row) {
            let rest = match.output.rest
            rows[String(match.output.name)] = Row(
                kind: rest.firstMatch(of: #/,\s*\.(\w+)/#).map { String($0.output.1) } ?? "swift",
                uses: Self.words(in: rest, after: "uses:"), packages: Self.words(in: rest, after: "packages:"))
        }
        self.rows = rows
    }

    private static func words(in text: Substring, after label: String) -> Set<String> {
        guard let start = text.firstRange(of: label)?.upperBound,
            let list = text[start...].firstMatch(of: #/\[([^\]]*)\]/#)
        else { return [] }
        return Set(list.output.1.matches(of: #/"([\w-]+)"/#).map { String($0.output.1) })
    }

    /// Everything that ends up in a program: the target and what it uses, through all levels.
    func closure(of target: String) -> Set<String> {
        var result: Set<String> = [target]
        var open = [target]
        while let next = open.popLast() {
            for used in rows[next]?.uses ?? [] where result.insert(used).inserted { open.append(used) }
        }
        return result
    }
}
