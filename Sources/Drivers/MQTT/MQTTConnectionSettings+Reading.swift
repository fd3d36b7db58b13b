import YAML

extension MQTTConnectionSettings {
    /// Reads the keys that say how to reach a broker, and claims the client id there.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let name = reader.node["name"]?.text ?? ""
        let host = reader.required("host", .string)
        let hasTLS = reader.has("tls")
        let tls = reader.optionalMapping("tls").flatMap { MQTTTransportSecurity(reading: $0, claims) }
        let port = reader.optional("port", .integer(1...65_535), default: hasTLS ? 8_883 : 1_883)
        let clientID = reader.optional("client_id", .string, default: "millwright-\(name)")
        if let host {
            let mark = reader.node["client_id"]?.mark ?? reader.node.mark
            claims.take(.client(host: host, port: port, id: clientID), at: mark, path: reader.path("client_id"))
        }
        let keepAlive = reader.optional("keep_alive", .duration(.seconds(5)...(.seconds(3_600))), default: .seconds(30))
        let username = reader.optional("username", .string)
        let passwordFile = claims.resolve(reader.optional("password_file", .string))
        if passwordFile != nil, username == nil {
            reader.diagnostics.report(
                at: reader.node, path: reader.path("username"), expected: "a user name beside password_file",
                found: "nothing")
        }
        guard let host, !hasTLS || tls != nil else { return nil }
        self.init(
            host: host, port: port, clientID: clientID, keepAlive: keepAlive, username: username,
            passwordFile: passwordFile, tls: tls)
        version = reader.optional("version", .choice(Version.self), default: .v3_1_1)
        let longest = Duration.seconds(3_660 * 86_400)
        if let expiry = reader.optional("session_expiry", .duration(.seconds(60)...longest)) {
            if version != .v5 {
                reader.diagnostics.report(
                    at: reader.node["session_expiry"] ?? reader.node, path: reader.path("session_expiry"),
                    expected: "it only beside version: 5 (before, the broker alone decides)")
            }
            sessionExpiry = expiry
        }
    }
}

extension MQTTTransportSecurity {
    fileprivate init?(reading reader: MappingReader, _ claims: LinkClaims) {
        var reader = reader
        if reader.has("psk_identity") || reader.has("psk_file") {
            let identity = reader.required("psk_identity", .string)
            let keyFile = claims.resolve(reader.required("psk_file", .string))
            if let other = ["ca", "certificate", "key"].first(where: { reader.has($0) }) {
                reader.diagnostics.report(
                    at: reader.node[other] ?? reader.node, path: reader.path(other),
                    expected: "certificates or a shared key, not both")
            }
            reader.finish()
            guard let identity, let keyFile else { return nil }
            self = .sharedKey(identity: identity, keyFile: keyFile)
            return
        }
        let authority = claims.resolve(reader.required("ca", .string))
        let certificate = claims.resolve(reader.optional("certificate", .string))
        let key = claims.resolve(reader.optional("key", .string))
        reader.finish()
        if (certificate == nil) != (key == nil) {
            reader.diagnostics.report(
                at: reader.node, path: reader.path, expected: "certificate and key together",
                found: "only \(certificate == nil ? "key" : "certificate")")
        }
        guard let authority else { return nil }
        self = .certificates(authorityFile: authority, certificateFile: certificate, keyFile: key)
    }
}
