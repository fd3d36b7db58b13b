import Plant
package import Trust

/// The shapes of the API and of `--json`, which are the same.
extension Archive.Device {
    package var json: StrictJSON {
        .object([
            .init("id", .string(id)), .init("created_at", .string(ISO8601.string(created))),
            .init("seen_at", seen.map { .string(ISO8601.string($0)) } ?? .null), .init("highest", .integer(highest)),
            .init("rows", .integer(rows)), .init("missing", .integer(missing)),
        ])
    }
}

extension Archive.Model {
    package var json: StrictJSON {
        .object([
            .init("pack", .string(pack)), .init("version", .integer(version)), .init("release", .integer(release)),
            .init("sha256", .string(digest)), .init("expires", .string(Timestamp.text(expires))),
            .init("published_at", .string(ISO8601.string(published))),
        ])
    }
}

extension Archive.Row {
    /// One line of JSON; the body stands in it as it was stored.
    package func json(device: String?) -> [UInt8] {
        var members: [StrictJSON.Member] = device.map { [.init("device", .string($0))] } ?? []
        members += [
            .init("sequence", .integer(sequence)), .init("kind", .string(kind)), .init("created", .string(created)),
            .init("received", .string(ISO8601.string(received))),
        ]
        return StrictJSON.object(members).bytes(adding: "body", rawJSON: body)
    }
}

extension Archive.StoredAlert {
    package var json: [UInt8] {
        StrictJSON.object([
            .init("device", .string(device)), .init("received", .string(ISO8601.string(received))),
        ]).bytes(adding: "alert", rawJSON: body)
    }
}

extension StrictJSON {
    /// An object with members, and one more that is JSON text already.
    fileprivate func bytes(adding name: String, rawJSON: String) -> [UInt8] {
        bytes().dropLast() + Array(",\"\(name)\":".utf8) + Array(rawJSON.utf8) + [UInt8(ascii: "}")]
    }
}
