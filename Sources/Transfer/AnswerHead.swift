/// Status and headers of an answer, line by line as libcurl hands them over.
final class AnswerHead {
    private(set) var status = 0
    private(set) var headers: [TransferRequest.Header] = []
    private var bytes = 0

    /// More than any server of ours sends; a hostile one could send without end.
    private static let limitBytes = 64 * 1_024

    // SAFETY: the line is libcurl's, alive during the call; what is kept of it is copied.
    func take(line raw: UnsafeRawBufferPointer, url: String) throws(TransferError) {
        bytes += raw.count
        guard bytes <= Self.limitBytes else { throw .tooLarge(url: url, limitBytes: Int64(Self.limitBytes)) }
        let line = String(decoding: raw.prefix { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // Another head follows "100 Continue" and redirects: only the last one counts.
            headers = []
            status = line.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
            guard (100...999).contains(status) else {
                throw .malformedAnswer(url: url, expected: "a status of three digits", found: String(line.prefix(80)))
            }
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            headers.append(.init(String(line[..<colon]), Self.trimmed(value)))
        }
    }

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

/// Takes a body into memory.
final class BodyCollector: TransferSink {
    private(set) var bytes: [UInt8] = []
    private let limitBytes: Int64
    private let url: String

    init(limitBytes: Int64, url: String) {
        self.limitBytes = limitBytes
        self.url = url
    }

    // SAFETY: the bytes are libcurl's, alive during the call; they are copied.
    func take(_ part: UnsafeRawBufferPointer) throws(TransferError) {
        guard Int64(bytes.count + part.count) <= limitBytes else { throw .tooLarge(url: url, limitBytes: limitBytes) }
        bytes += part
    }
}
