import Hummingbird
import Trust

/// An answer that says no, with what was expected, what came and where.
///
///     {"error":{"code":"...","expected":"...","found":"...","where":"..."}}
struct APIError: Error, HTTPResponseError {
    var status: HTTPResponse.Status
    var code: String
    var expected: String
    var found: String
    var place: String
    /// How a client may show who it is; only with 401.
    var challenge: String?

    init(
        _ status: HTTPResponse.Status, code: String, expected: String, found: String, place: String,
        challenge: String? = nil
    ) {
        self.status = status
        self.code = code
        self.expected = expected
        self.found = found
        self.place = place
        self.challenge = challenge
    }

    func response(from request: Request, context: some RequestContext) -> Response {
        let error = StrictJSON.object([
            .init("code", .string(code)), .init("expected", .string(expected)),
            .init("found", .string(String(found.prefix(200)))), .init("where", .string(place)),
        ])
        var response = Response.json(.object([.init("error", error)]), status: status)
        if let challenge { response.headers[.wwwAuthenticate] = challenge }
        return response
    }
}

extension APIError {
    /// What a reader of a request's body objected to.
    init(_ error: TrustError) {
        switch error {
        case .tooLarge(let limit, let found):
            self.init(
                .contentTooLarge, code: "request.too_large", expected: "at most \(limit) bytes", found: "\(found)",
                place: "body")
        case .malformedJSON(let expected, let found, let offset):
            self.init(
                .badRequest, code: "request.json", expected: expected, found: found, place: "body, byte \(offset)")
        case .malformedMetadata(let place, let expected, let found):
            self.init(.badRequest, code: "request.member", expected: expected, found: found, place: place)
        default:
            self.init(.badRequest, code: error.code, expected: "a valid request", found: "\(error)", place: "body")
        }
    }

    init(_ error: RegistryError) {
        switch error {
        case .sequenceConflict(_, let sequence):
            self.init(
                .conflict, code: error.code, expected: "the content that is stored under this number",
                found: "other content", place: "sequence \(sequence)")
        case .unknownDevice(let id):
            self.init(.notFound, code: error.code, expected: "a known device", found: id, place: "path")
        case .busy:
            self.init(
                .serviceUnavailable, code: error.code, expected: "a free database", found: "a lock", place: "registry")
        default:
            // What went wrong inside is for the log, not for whoever asks.
            self.init(
                .internalServerError, code: "registry.internal", expected: "a working registry", found: "a failure",
                place: "registry")
        }
    }
}

extension Response {
    /// JSON that nobody on the way may keep or take for something else.
    static func json(_ value: StrictJSON, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(value.bytes(), type: "application/json", status: status)
    }

    static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
