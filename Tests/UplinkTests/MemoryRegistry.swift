import Glibc
import Plant
import Synchronization
import Trust
import Uplink

/// A registry in memory, beyond a network in memory, that can be told to lie and to break off.
final class MemoryRegistry: Transport {
    /// What becomes of one request for telemetry.
    enum Turn: Sendable {
        case honest
        /// The connection breaks before anything has arrived.
        case loseRequest
        /// Everything is stored, and the answer never comes.
        case loseAnswer
        /// Nothing is stored, and this is answered.
        case answer(Int, String)
        /// Everything is stored, and this is answered.
        case storeAndAnswer(Int, String)
    }

    /// What becomes of a download.
    enum DownloadTurn: Sendable {
        case honest
        /// The connection breaks in the middle; nothing lies under the file's name.
        case cut
        /// These bytes instead, within the limit or not an error, as the HTTP client has it.
        case bytes([UInt8])
        /// These bytes, by a transport that does not keep to the limit.
        case bytesBeyondLimit([UInt8])
    }

    struct Lost: Error, CustomStringConvertible {
        var description: String
    }

    struct Entry: Hashable, Sendable {
        var sequence: Int64
        var kind: String
        var created: String
        var body: String
    }

    private struct State {
        var turns: [Turn] = []
        var downloadTurns: [DownloadTurn] = []
        var rows: [Int64: Entry] = [:]
        /// Sequence numbers in the order of storing.
        var order: [Int64] = []
        var requests: [[Entry]] = []
        var conflicts = 0
        var unreadable: Set<Int64> = []
        var envelopes: [String: [UInt8]] = [:]
        var getStatus: (status: Int, body: String)?
        var blobs: [String: [UInt8]] = [:]
        var downloads: [String] = []
    }

    private let state = Mutex(State())

    // MARK: What a test says and sees

    /// Says what becomes of the next requests for telemetry; after them it is honest.
    func nextTurns(_ turns: [Turn]) { state.withLock { $0.turns = turns } }
    /// Entries that the registry can never read: a batch with one of them is refused as a whole.
    func cannotRead(_ sequences: Set<Int64>) { state.withLock { $0.unreadable = sequences } }
    func nextDownloads(_ turns: [DownloadTurn]) { state.withLock { $0.downloadTurns = turns } }
    /// nil: honest again.
    func answerEveryGet(_ answer: (status: Int, body: String)?) { state.withLock { $0.getStatus = answer } }

    /// In the order of storing.
    var stored: [Entry] { state.withLock { state in state.order.compactMap { state.rows[$0] } } }
    var requests: [[Entry]] { state.withLock { $0.requests } }
    /// How often a sequence number came again with something else.
    var conflicts: Int { state.withLock { $0.conflicts } }
    /// Digests that were asked for.
    var downloads: [String] { state.withLock { $0.downloads } }

    func serve(_ envelope: [UInt8], pack: String) { state.withLock { $0.envelopes[pack] = envelope } }
    func keep(_ blob: [UInt8]) throws {
        let digest = try Digest(of: blob).hex
        state.withLock { $0.blobs[digest] = blob }
    }

    // MARK: Transport

    func get(_ path: String, maximumBytes: Int) async throws -> TransportAnswer {
        try state.withLock { state in
            if let answer = state.getStatus {
                return TransportAnswer(status: answer.status, body: Array(answer.body.utf8))
            }
            let prefix = "/v1/models/"
            guard path.hasPrefix(prefix), let envelope = state.envelopes[String(path.dropFirst(prefix.count))] else {
                return TransportAnswer(status: 404, body: Array("{\"code\":\"registry.not_found\"}".utf8))
            }
            guard envelope.count <= maximumBytes else { throw Lost(description: "the body is too large") }
            return TransportAnswer(status: 200, body: envelope)
        }
    }

    func post(_ path: String, json: [UInt8], maximumBytes: Int) async throws -> TransportAnswer {
        let entries = try Self.entries(json)
        return try state.withLock { state in
            guard path == "/v1/telemetry" else { return TransportAnswer(status: 404, body: []) }
            state.requests.append(entries)
            switch state.turns.isEmpty ? .honest : state.turns.removeFirst() {
            case .honest: return Self.store(entries, &state)
            case .loseRequest: throw Lost(description: "connection refused")
            case .loseAnswer:
                _ = Self.store(entries, &state)
                throw Lost(description: "connection reset")
            case .answer(let status, let text): return TransportAnswer(status: status, body: Array(text.utf8))
            case .storeAndAnswer(let status, let text):
                _ = Self.store(entries, &state)
                return TransportAnswer(status: status, body: Array(text.utf8))
            }
        }
    }

    func download(_ path: String, to file: String, maximumBytes: Int64) async throws {
        let digest = String(path.dropFirst("/v1/targets/".count))
        let bytes: [UInt8] = try state.withLock { state in
            state.downloads.append(digest)
            switch state.downloadTurns.isEmpty ? .honest : state.downloadTurns.removeFirst() {
            case .honest:
                guard let blob = state.blobs[digest] else { throw Lost(description: "404") }
                return blob
            case .cut: throw Lost(description: "connection reset")
            case .bytesBeyondLimit(let bytes): return bytes
            case .bytes(let bytes):
                guard bytes.count <= maximumBytes else { throw Lost(description: "more than \(maximumBytes) bytes") }
                return bytes
            }
        }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Lost(description: "open: \(errno)") }
        defer { close(descriptor) }
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Lost(description: "write: \(errno)") }
    }

    /// One row a sequence number, as the registry has it.
    private static func store(_ entries: [Entry], _ state: inout State) -> TransportAnswer {
        if entries.contains(where: { state.unreadable.contains($0.sequence) }) {
            return TransportAnswer(status: 400, body: Array("{\"error\":{\"code\":\"telemetry.malformed\"}}".utf8))
        }
        for entry in entries {
            if let known = state.rows[entry.sequence] {
                if known != entry { state.conflicts += 1 }
                continue
            }
            state.rows[entry.sequence] = entry
            state.order.append(entry.sequence)
        }
        let through = entries.last?.sequence ?? 0
        return TransportAnswer(status: 200, body: Array("{\"stored_through\":\(through)}".utf8))
    }

    /// - Throws: when the body is not what the protocol says.
    private static func entries(_ json: [UInt8]) throws -> [Entry] {
        let document = try StrictJSON(parsing: json, limits: .init(bytes: 8 << 20))
        guard document["version"]?.integerValue == 1, case .array(let values)? = document["entries"] else {
            throw Lost(description: "not a batch: \(String(decoding: json, as: UTF8.self))")
        }
        return try values.map { value in
            guard let sequence = value["sequence"]?.integerValue, let kind = value["kind"]?.stringValue,
                let created = value["created"]?.stringValue, let body = value["body"]
            else { throw Lost(description: "not an entry") }
            return Entry(
                sequence: sequence, kind: kind, created: created,
                body: String(decoding: body.canonicalBytes(), as: UTF8.self))
        }
    }
}
