import FoundationEssentials
import Hummingbird
import Trust

/// Finds out who calls. Devices and programs send `Authorization: Bearer TOKEN`; a browser may send the administrator's
/// token as the password of user `admin` (Basic), because a person cannot set a header.
struct Gatekeeper: Sendable {
    let archive: Archive

    /// - Throws: 401 without a token or with one that nobody has, 403 for the administrator.
    func device(_ request: Request) async throws -> String {
        switch try await caller(request) {
        case .device(let id): return id
        case .administrator: throw forbidden(expected: "a device's token", found: "the administrator's")
        }
    }

    /// - Throws: 401, 403 for a device.
    func requireAdministrator(_ request: Request) async throws {
        guard case .administrator = try await caller(request) else {
            throw forbidden(expected: "the administrator's token", found: "a device's")
        }
    }

    /// - Throws: 401.
    @discardableResult
    func caller(_ request: Request) async throws -> Archive.Caller {
        guard let token = Self.token(request.headers[.authorization]) else { throw unauthorized(found: "no token") }
        guard let caller = try await archive.caller(token: token) else { throw unauthorized(found: "an unknown token") }
        return caller
    }

    static func token(_ header: String?) -> Token? {
        guard let header else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer": return Token(text: String(parts[1]))
        case "basic":
            guard let data = Data(base64Encoded: String(parts[1])) else { return nil }
            let pair = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1)
            return pair.count == 2 && pair[0] == "admin" ? Token(text: String(pair[1])) : nil
        default: return nil
        }
    }

    private func unauthorized(found: String) -> APIError {
        APIError(
            .unauthorized, code: "request.unauthorized", expected: "a token of this registry", found: found,
            place: "header Authorization", challenge: "Basic realm=\"millwright registry\", charset=\"UTF-8\"")
    }

    private func forbidden(expected: String, found: String) -> APIError {
        APIError(.forbidden, code: "request.forbidden", expected: expected, found: found, place: "header Authorization")
    }
}
