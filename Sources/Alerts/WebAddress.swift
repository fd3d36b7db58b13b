/// The parts of an http(s) address that matter for what may be shown of it.
struct WebAddress {
    /// `https://hooks.plant.example:8443`, without user, password, path and query.
    let origin: String
    /// What must never come into a log: user information, path and query, and the whole address. Many services put the
    /// token into the path, so the path counts as a secret.
    let secrets: [String]

    /// nil when the text is no http(s) address with a host.
    init?(_ text: String) {
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }),
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F })
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        // The last @: a password may hold one.
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        guard let first = host.first, first != ":" else { return nil }
        origin = scheme + host
        var secrets = [text]
        let user = authority.dropLast(host.count).dropLast()
        let tail = String(rest.dropFirst(authority.count))
        if !user.isEmpty {
            secrets.append(String(user))
            if let colon = user.firstIndex(of: ":") { secrets.append(String(user[user.index(after: colon)...])) }
        }
        if tail.count > 1 {
            secrets.append(tail)
            let parts = tail.split { "/?&#=".contains($0) }
            // Short parts ("v1", "api") are words, not tokens, and would blank out ordinary text.
            secrets += parts.filter { $0.count >= 8 }.map(String.init)
        }
        self.secrets = secrets
    }
}

/// Takes secrets out of a text before it reaches a log or a journal.
struct Redaction: Sendable {
    private let secrets: [String]

    init(_ secrets: [String]) {
        // Longest first, so that a secret inside another one leaves nothing behind.
        self.secrets = secrets.filter { $0.count >= 3 }.sorted { $0.count > $1.count }
    }

    func callAsFunction(_ text: String) -> String {
        secrets.reduce(text) { text, secret in
            text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
    }
}
