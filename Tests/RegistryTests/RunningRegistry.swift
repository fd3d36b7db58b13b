import Logging
import Plant
import Registry
import TestBench
import Testing
import Transfer
import Trust

/// A registry in a directory of its own that serves on a free loopback port for the length of a test.
struct RunningRegistry: Sendable {
    let directory: RegistryDirectory
    let clock: ManualClock
    let port: Int
    let adminToken: Token
    let publicKey: PublicKey
    private let client = HTTPClient()

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func addDevice(_ id: String) async throws -> Token {
        try await Ledger(directory).add(device: id, at: clock.wall())
    }

    /// Publishes a file with these bytes.
    func publish(_ bytes: [UInt8], pack: String = "rotating-machine") async throws -> Publication {
        try await Ledger(directory).publish(bytes, pack: pack, in: directory, at: clock.wall())
    }

    func get(
        _ path: String, token: Token?, headers: [TransferRequest.Header] = []
    ) async throws(TransferError) -> TransferResponse {
        let authorization = token.map { [TransferRequest.Header("Authorization", "Bearer \($0.text)")] } ?? []
        return try await client.send(TransferRequest(.get, url(path), headers: authorization + headers))
    }

    func post(_ body: [UInt8], token: Token?) async throws(TransferError) -> TransferResponse {
        let authorization = token.map { [TransferRequest.Header("Authorization", "Bearer \($0.text)")] } ?? []
        return try await client.send(
            TransferRequest(.post, url("/v1/telemetry"), headers: authorization, body: body))
    }
}

extension Ledger {
    /// Publishes bytes by way of a file beside the registry's own.
    func publish(
        _ bytes: [UInt8], pack: String, in directory: RegistryDirectory, at now: WallTime,
        expiresIn life: Duration = .seconds(86_400)
    ) throws -> Publication {
        let file = "\(directory.path)/source-\(UInt64.random(in: 0...UInt64.max))"
        try KeyFile.create(file, bytes: bytes)
        return try publish(
            file: file, pack: pack, key: try PrivateKey(file: directory.privateKey), in: directory, expiresIn: life,
            at: now)
    }
}

/// Serves while `body` runs.
func withRegistry(_ body: (RunningRegistry) async throws -> Void) async throws {
    let folder = try TempDirectory()
    let directory = RegistryDirectory(folder.file("registry"))
    let key = try directory.initialize()
    let token = Token(text: String(decoding: try KeyFile.read(directory.adminToken), as: UTF8.self))
    let clock = ManualClock()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = RegistryServer(directory: directory, port: 0, clock: clock, logger: logger)
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { found.finish() }
            do { try await server.run { found.yield($0) } } catch is CancellationError {}
        }
        var waiting = ports.makeAsyncIterator()
        let port = try #require(await waiting.next(), "the server did not start")
        try await body(
            RunningRegistry(directory: directory, clock: clock, port: port, adminToken: token, publicKey: key))
        group.cancelAll()
    }
}

/// Bodies of requests, as a box writes them.
enum Batch {
    static func json(_ sequences: some Sequence<Int64>, kind: String = "telemetry", mark: String = "") -> [UInt8] {
        let entries = sequences.map { sequence in
            """
            {"body":{"n":\(sequence),"mark":"\(mark)"},"created":"2026-11-23T20:15:03.123Z","kind":"\(kind)",\
            "sequence":\(sequence)}
            """
        }
        return Array("{\"entries\":[\(entries.joined(separator: ","))],\"version\":1}".utf8)
    }

    static func batch(_ sequences: some Sequence<Int64>, mark: String = "") throws -> TelemetryBatch {
        try TelemetryBatch(json: json(sequences, mark: mark))
    }

    static func alert(_ sequence: Int64, id: String, state: String, asset: String = "pump-7") -> [UInt8] {
        Array(
            """
            {"version":1,"entries":[{"sequence":\(sequence),"kind":"alert","created":"2026-11-23T20:15:03Z","body":\
            {"alert":"\(id)","asset":"\(asset)","raised_at":"2026-11-23T20:15:03.000Z","severity":"warning",\
            "state":"\(state)"}}]}
            """.utf8)
    }
}

extension TransferResponse {
    var json: StrictJSON? { try? StrictJSON(parsing: body, limits: .init(bytes: 1 << 20)) }
    var errorCode: String? { json?["error"]?["code"]?.stringValue }
    var text: String { String(decoding: body, as: UTF8.self) }
}
