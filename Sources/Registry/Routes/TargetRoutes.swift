import Hummingbird
import Trust

/// `GET /v1/targets/{digest}`: a published file by its SHA-256, whole or in part.
///
/// The entity tag is the digest, so a file under one tag never changes. Source: RFC 9110, 13 and 14.
enum TargetRoutes: RouteSet {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/v1/targets/:digest") { request, context in
            try await registry.gate.caller(request)
            let text = try context.parameters.require("digest")
            guard let digest = Digest(hex: text), let length = try await registry.archive.lengthBytes(of: digest) else {
                throw APIError(
                    .notFound, code: "registry.no_target", expected: "the SHA-256 of a published file", found: text,
                    place: "path")
            }
            return try await answer(request, context, path: registry.directory.target(digest), digest, Int(length))
        }
    }

    private static func answer(
        _ request: Request, _ context: BasicRequestContext, path: String, _ digest: Digest, _ length: Int
    ) async throws -> Response {
        let tag = "\"\(digest.hex)\""
        var headers = HTTPFields()
        headers[.eTag] = tag
        headers[.acceptRanges] = "bytes"
        headers[.contentType] = "application/octet-stream"
        headers[.cacheControl] = "private, max-age=31536000, immutable"
        if let wanted = request.headers[.ifMatch], !contains(wanted, tag) {
            throw APIError(
                .preconditionFailed, code: "request.if_match", expected: tag, found: wanted, place: "header If-Match")
        }
        if let known = request.headers[.ifNoneMatch], contains(known, tag) {
            return Response(status: .notModified, headers: headers)
        }
        switch ByteRange(header: request.headers[.range], length: length) {
        case .whole:
            let body = try await FileIO().loadFile(path: path, range: 0...length - 1, context: context)
            return Response(status: .ok, headers: headers, body: body)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(length)"
            let body = try await FileIO().loadFile(path: path, range: range, context: context)
            return Response(status: .partialContent, headers: headers, body: body)
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(length)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    private static func contains(_ header: String, _ tag: String) -> Bool {
        header == "*" || header.split(separator: ",").contains { $0.drop { $0 == " " }.prefix { $0 != " " } == tag }
    }
}

/// What of a file is asked for. Several ranges, and what is no range, mean the whole file, as RFC 9110 allows.
enum ByteRange: Equatable {
    case whole
    case part(ClosedRange<Int>)
    case unsatisfiable

    /// - Parameter length: of the file, at least 1.
    init(header: String?, length: Int) {
        self = .whole
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else { return }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return }
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last) where ends[1].isEmpty || last != nil:
            let last = min(last ?? length - 1, length - 1)
            if first >= length {
                self = .unsatisfiable
            } else if first <= last {
                self = .part(first...last)
            }
        case (nil, let count?) where ends[0].isEmpty:
            self = count == 0 ? .unsatisfiable : .part(max(0, length - count)...length - 1)
        default: break
        }
    }
}
