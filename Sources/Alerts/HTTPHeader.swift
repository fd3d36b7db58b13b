/// One header of a request.
package struct HTTPHeader: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads a `headers_file`: a `Name: value` a line; empty lines and lines that start with `#` are left out.
    ///
    /// - Returns: nil when a line is something else.
    /// - Source: RFC 9110, 5.1 (the name is a token) and 5.5 (no control characters in the value).
    package static func parse(_ text: String) -> [HTTPHeader]? {
        var headers: [HTTPHeader] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let colon = trimmed.firstIndex(of: ":") else { return nil }
            let name = trimmed[..<colon]
            let value = trimmed[trimmed.index(after: colon)...].trimmed
            let isToken = name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
            guard !name.isEmpty, isToken, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return nil
            }
            headers.append(HTTPHeader(name: String(name), value: String(value)))
        }
        return headers
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let head = drop { $0 == " " || $0 == "\t" }
        return head.lastIndex { $0 != " " && $0 != "\t" }.map { head[...$0] } ?? ""
    }
}
