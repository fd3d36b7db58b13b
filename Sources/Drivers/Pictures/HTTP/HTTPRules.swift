/// The head of a request, as far as it matters here.
struct HTTPHead {
    var method: String
    /// Decoded, without the query.
    var path: String
    var length: String?
    /// How many headers say how long the body is, or that it comes in pieces of which each does: two may contradict each other, and what
    /// stands between sender and box may have believed the other.
    var lengths = 1
    var type: String?
    var authorization: String?
    var partInQuery: String?
    var partInHeader: String?
    var key: String?
}

/// Which requests a door takes.
struct HTTPRules {
    /// What a request asks for.
    struct Wanted: Equatable {
        var stream: String
        var part: String?
        var key: String?
        var length: Int
        var encoding: FieldPicture.Encoding
    }

    enum Ruling: Equatable {
        case wanted(Wanted)
        case refused(HTTPAnswer)
    }

    let settings: HTTPSettings
    private static let folder = "/pictures/"
    private static let pictureTypes: Set<String> = ["image/png", "image/jpeg", "image/bmp", "image/x-ms-bmp"]
    private static let keyBytes = 255
    private static let rawType = "application/octet-stream"

    /// - Parameter token: what senders must show; nil where nobody need show one.
    func judge(_ head: HTTPHead, token: String?) -> Ruling {
        // First of all, so that nobody without a token learns what streams there are.
        if let token, !Self.shows(head.authorization, token) {
            return refused(401, "token", "expected the header Authorization: Bearer with the token of this box")
        }
        guard head.path.hasPrefix(Self.folder) else {
            return refused(404, "path", "expected /pictures/ and the name of a stream")
        }
        let name = String(head.path.dropFirst(Self.folder.count))
        // Nothing but a name that is configured leads anywhere.
        guard settings.streams.contains(name) else {
            return refused(404, "stream", "expected one of the streams \(settings.streams.joined(separator: ", "))")
        }
        guard head.method == "POST" else { return refused(405, "method", "expected POST, found \(head.method)") }
        guard let said = head.length else {
            return refused(411, "length", "expected the header Content-Length")
        }
        guard head.lengths == 1 else {
            return refused(
                400, "length", "expected one Content-Length and no Transfer-Encoding, found \(head.lengths) of them")
        }
        guard let bytes = UInt64(said), bytes > 0 else {
            return refused(400, "length", "expected a picture, found a Content-Length of \(said)")
        }
        let length = Int(clamping: bytes)
        guard length <= settings.form.maxBytes else {
            return refused(413, "too_large", "expected at most \(settings.form.maxBytes) bytes, found \(length)")
        }
        guard let encoding = encoding(head.type) else {
            return refused(
                415, "type",
                "expected Content-Type image/png, image/jpeg, image/bmp or \(Self.rawType), found \(head.type ?? "none")"
            )
        }
        if let query = head.partInQuery, let header = head.partInHeader, query != header {
            return refused(400, "part", "expected one part, found another in the query than in X-Part")
        }
        let part = head.partInQuery ?? head.partInHeader
        if let part, !PartName.isValid(part) {
            return refused(400, "part", "expected a part of 1 to \(PartName.maxBytes) printable bytes of UTF-8")
        }
        if let key = head.key,
            !(1...Self.keyBytes).contains(key.utf8.count) || key.utf8.contains(where: { !(0x21...0x7E).contains($0) })
        {
            return refused(
                400, "key", "expected an Idempotency-Key of 1 to \(Self.keyBytes) printable ASCII characters")
        }
        return .wanted(Wanted(stream: name, part: part, key: head.key, length: length, encoding: encoding))
    }

    /// Bytes of no declared kind are pixels where the configuration says how they lie, else a file whose first bytes say what it is.
    private func encoding(_ type: String?) -> FieldPicture.Encoding? {
        let word = (type ?? Self.rawType).prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        if Self.pictureTypes.contains(word) { return .file }
        return word == Self.rawType ? settings.form.encoding : nil
    }

    private func refused(_ status: UInt32, _ code: String, _ reason: String) -> Ruling {
        .refused(.refusal(status, code, reason))
    }

    /// In a time that does not depend on where the two differ.
    private static func shows(_ header: String?, _ token: String) -> Bool {
        guard let header else { return false }
        let (shown, wanted) = (Array(header.utf8), Array("Bearer \(token)".utf8))
        guard shown.count == wanted.count else { return false }
        return zip(shown, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
