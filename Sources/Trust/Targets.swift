package import Plant

/// What a signer says is to be installed: TUF's targets metadata, as far as it is used yet.
package struct Targets: Sendable, Hashable {
    /// Goes up with every signing.
    package var version: Int64
    package var expires: WallTime
    /// In the order of the metadata; each path once.
    package var files: [TargetFile]

    package init(version: Int64, expires: WallTime, files: [TargetFile]) {
        self.version = version
        self.expires = expires
        self.files = files
    }

    /// The newest model of a pack: the file with the largest release.
    package func newest(pack: String) -> TargetFile? {
        files.filter { $0.pack == pack }.max { ($0.release ?? 0) < ($1.release ?? 0) }
    }
}

/// One file of ``Targets``.
package struct TargetFile: Sendable, Hashable {
    /// `<pack>/<release>.mwplan`: letters, digits, `.`, `-`, `_`; components split by `/`.
    package var path: String
    package var lengthBytes: Int64
    package var digest: Digest
    /// Opaque to verification, signed all the same: `pack`, `release` (counts up), and what later needs it.
    package var custom: StrictJSON

    package init(path: String, lengthBytes: Int64, digest: Digest, custom: StrictJSON) {
        self.path = path
        self.lengthBytes = lengthBytes
        self.digest = digest
        self.custom = custom
    }

    package var pack: String? { custom["pack"]?.stringValue }
    package var release: Int64? { custom["release"]?.integerValue }

    /// Whether a path can be used under any directory: no `..`, no empty component, no character that needs quoting.
    package static func isValid(path: String) -> Bool {
        guard (1...400).contains(path.utf8.count) else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            isValid(component: String($0))
        }
    }

    /// One component of such a path; also the form of a pack's name.
    package static func isValid(component: String) -> Bool {
        guard (1...100).contains(component.utf8.count), component.utf8.first != UInt8(ascii: ".") else { return false }
        return component.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

extension Targets {
    /// Largest targets metadata that is read: python-tuf's limit.
    package static let maximumBytes = 5_000_000
    package static let specificationVersion = "1.0.34"

    /// The `signed` object. Source: TUF specification 1.0.34, 4.5.
    package var signedObject: StrictJSON {
        .object([
            .init("_type", .string("targets")),
            .init("expires", .string(Timestamp.text(expires))),
            .init("spec_version", .string(Self.specificationVersion)),
            .init(
                "targets",
                .object(
                    files.map { file in
                        .init(
                            file.path,
                            .object([
                                .init("custom", file.custom),
                                .init("hashes", .object([.init("sha256", .string(file.digest.hex))])),
                                .init("length", .integer(file.lengthBytes)),
                            ]))
                    })),
            .init("version", .integer(version)),
        ])
    }

    /// The envelope signed by these keys, as canonical JSON.
    package func signed(by keys: [PrivateKey]) throws(TrustError) -> [UInt8] {
        let signed = signedObject
        let message = signed.canonicalBytes()
        var signatures: [StrictJSON] = []
        for key in keys {
            let signature = try key.signature(of: message)
            signatures.append(
                .object([
                    .init("keyid", .string(key.publicKey.id.hex)), .init("sig", .string(Hex.text(signature))),
                ]))
        }
        return StrictJSON.object([.init("signatures", .array(signatures)), .init("signed", signed)]).canonicalBytes()
    }

    /// Reads the `signed` object; unknown members are let through, because their signer may be newer than this reader.
    init(signed: StrictJSON) throws(TrustError) {
        let type = try signed.string("_type", at: "signed")
        guard type == "targets" else {
            throw .malformedMetadata(at: "signed._type", expected: "targets", found: type)
        }
        let specification = try signed.string("spec_version", at: "signed")
        guard specification.hasPrefix("1.") else {
            throw .malformedMetadata(at: "signed.spec_version", expected: "1.x", found: specification)
        }
        version = try signed.integer("version", at: "signed", in: 1...Int64.max)
        let expiry = try signed.string("expires", at: "signed")
        guard let expires = Timestamp.time(expiry) else {
            throw .malformedMetadata(at: "signed.expires", expected: "YYYY-MM-DDTHH:MM:SSZ", found: expiry)
        }
        self.expires = expires
        files = []
        for member in try signed.object("targets", at: "signed") {
            files.append(try TargetFile(path: member.name, object: member.value))
        }
    }
}

extension TargetFile {
    fileprivate init(path: String, object: StrictJSON) throws(TrustError) {
        let place = "signed.targets[\"\(path.prefix(100))\"]"
        guard Self.isValid(path: path) else {
            throw .malformedMetadata(
                at: place, expected: "a relative path of letters, digits, '.', '-', '_' and '/'", found: path)
        }
        self.path = path
        lengthBytes = try object.integer("length", at: place, in: 0...Int64.max)
        let hashes = StrictJSON.object(try object.object("hashes", at: place))
        let text = try hashes.string("sha256", at: "\(place).hashes")
        guard let digest = Digest(hex: text) else {
            throw .malformedMetadata(
                at: "\(place).hashes.sha256", expected: "64 lower-case hexadecimal digits", found: text)
        }
        self.digest = digest
        custom = .object(object["custom"] == nil ? [] : try object.object("custom", at: place))
    }
}
