import Plant
package import Trust

/// One request of a device: entries of its outbox in their order.
///
///     {"version":1,"entries":[{"sequence":17,"kind":"alert","created":"2026-11-23T20:15:03.123Z","body":{...}}]}
///
/// `device` may stand beside `version` and must then be the one that the token belongs to. A device sends its oldest
/// entries first, so a number that is missing between two entries, or between what is stored and the first entry, was
/// dropped on the device (its outbox is bounded): it is noted as a gap, and filled if it comes after all.
package struct TelemetryBatch: Sendable {
    package struct Entry: Sendable, Hashable {
        package var sequence: Int64
        /// `telemetry`, `alert` or `report`.
        package var kind: String
        /// ISO 8601, as the device wrote it.
        package var created: String
        package var body: StrictJSON
    }

    package var device: String?
    /// Ascending by number, at least one.
    package var entries: [Entry]

    package static let maximumBytes = 4 << 20
    /// A transaction that long still leaves the others waiting for less than a second.
    package static let maximumEntries = 5_000
    package static let kinds = ["telemetry", "alert", "report"]

    /// Reads a request's body.
    ///
    /// - Throws: what does not fit, with its place.
    package init(json: [UInt8]) throws(TrustError) {
        let document = try StrictJSON(parsing: json, limits: .init(bytes: Self.maximumBytes))
        _ = try document.integer("version", at: "", in: 1...1)
        device = document["device"] == nil ? nil : try document.string("device", at: "")
        let items = try document.array("entries", at: "")
        guard (1...Self.maximumEntries).contains(items.count) else {
            throw .malformedMetadata(
                at: "entries", expected: "1 to \(Self.maximumEntries) entries", found: "\(items.count)")
        }
        entries = []
        entries.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            let entry = try Entry(item, at: "entries[\(index)]")
            if let last = entries.last, entry.sequence <= last.sequence {
                throw .malformedMetadata(
                    at: "entries[\(index)].sequence", expected: "a number above \(last.sequence)",
                    found: "\(entry.sequence)")
            }
            entries.append(entry)
        }
    }
}

extension TelemetryBatch.Entry {
    fileprivate init(_ item: StrictJSON, at place: String) throws(TrustError) {
        sequence = try item.integer("sequence", at: place, in: 1...(1 << 53))
        kind = try item.string("kind", at: place)
        guard TelemetryBatch.kinds.contains(kind) else {
            throw .malformedMetadata(
                at: "\(place).kind", expected: "one of \(TelemetryBatch.kinds.joined(separator: ", "))", found: kind)
        }
        created = try item.string("created", at: place)
        guard ISO8601.parse(created.utf8) != nil else {
            throw .malformedMetadata(at: "\(place).created", expected: "a time in ISO 8601", found: created)
        }
        guard let body = item["body"], body.objectValue != nil else {
            throw .malformedMetadata(
                at: "\(place).body", expected: "an object", found: item["body"]?.kindText ?? "nothing")
        }
        self.body = body
    }
}
