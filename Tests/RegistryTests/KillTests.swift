import Glibc
import Logging
import Plant
import Registry
import Rig
import Store
import Synchronization
import TestBench
import Testing
import Transfer
import Trust
import Uplink

/// A real store and a real uplink against a real registry that is killed at random moments.
///
/// `MILLWRIGHT_KILLS` sets how often; the short form runs with every test, 50 is the acceptance. `MILLWRIGHT_SEED` repeats
/// a run's choices (not the scheduler's).
@Suite struct KillTests {
    static let kills = setting("MILLWRIGHT_KILLS").map { Int($0) } ?? 6
    static let seed = setting("MILLWRIGHT_SEED") ?? 20_261_123

    static func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    @Test func everyNumberIsStoredExactlyOnceHoweverOftenTheRegistryIsKilled() async throws {
        var random = Choices(state: Self.seed)
        let registry = try RegistryProcess()
        let token = try await Ledger(registry.directory).add(device: "press-3", at: WallTime(seconds: 1_800_000_000))
        try registry.start()
        try await registry.ready()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = try Store(directory: registry.folder.file("store"), clock: MachineClock(), logger: logger)
        let transport = LossyTransport(
            base: "http://127.0.0.1:\(registry.port)", token: token, seed: random.next())
        let sync = TelemetrySync(store: store, transport: transport, interval: .milliseconds(1), logger: logger)
        let producer = Producer(store: store)
        for _ in 0..<Self.kills {
            let delay = Duration.microseconds(Int64(random.next() % 60_000))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await producer.run() }
                group.addTask { try await Self.send(sync) }
                try await Task.sleep(for: delay)
                await registry.kill()
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
            try registry.start()
            try await registry.ready()
        }
        transport.stopLosing()
        #expect(
            try await eventually(within: .seconds(60)) {
                _ = try? await sync.sendBatch()
                return try await store.nextBatch(rows: 1, bytes: 1).isEmpty
            })
        registry.child?.terminate()
        #expect(await registry.child?.waitForExit() == .code(0))
        try await check(registry, through: await producer.last)
        // Else the kills have missed the sync, and this test says nothing.
        if Self.kills >= 50 { #expect(transport.broken > 0) }
        await store.close()
    }

    /// Sends as the uplink does, without its waits between failures.
    private static func send(_ sync: TelemetrySync) async throws {
        while !Task.isCancelled {
            do {
                if try await sync.sendBatch() == false { try await Task.sleep(for: .milliseconds(1)) }
            } catch is UplinkError {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    private func check(_ registry: RegistryProcess, through total: Int64) async throws {
        let archive = Archive(registry.directory)
        let rows = try await archive.telemetry(device: "press-3", after: 0, limit: 1_000_000)
        #expect(total > Int64(Self.kills))
        #expect(rows.map(\.sequence) == Array(1...total), "seed \(Self.seed)")
        #expect(rows.allSatisfy { $0.body == "{\"n\":\($0.sequence),\"v\":0.125}" })
        #expect(try await archive.gaps(device: "press-3").isEmpty)
        #expect(try await archive.devices().first?.rows == total)
    }
}

/// Puts entries into the outbox without a pause, each durable before the next, so that there is always something to send.
private actor Producer {
    private let store: Store
    private(set) var last: Int64 = 0

    init(store: Store) { self.store = store }

    func run() async throws {
        while !Task.isCancelled {
            let sequence = try await store.enqueue(.telemetry, Array("{\"n\":\(last + 1),\"v\":0.125}".utf8))
            #expect(sequence == last + 1)
            last = sequence
        }
    }
}

/// The way to the registry, which now and then loses an answer that was given.
private final class LossyTransport: Transport {
    private struct Lost: Error {}

    private let base: String
    private let token: Token
    private let client = HTTPClient()
    private let losing: Mutex<Choices?>
    private let breaks = Atomic(0)

    /// Requests that ended without an answer.
    var broken: Int { breaks.load(ordering: .relaxed) }

    init(base: String, token: Token, seed: UInt64) {
        self.base = base
        self.token = token
        losing = Mutex(Choices(state: seed))
    }

    func stopLosing() { losing.withLock { $0 = nil } }

    func get(_ path: String, maximumBytes: Int) async throws -> TransportAnswer {
        try await send(.get, path, [], maximumBytes)
    }

    func post(_ path: String, json: [UInt8], maximumBytes: Int) async throws -> TransportAnswer {
        let answer: TransportAnswer
        do {
            answer = try await send(.post, path, json, maximumBytes)
        } catch {
            breaks.add(1, ordering: .relaxed)
            throw error
        }
        let isLost = losing.withLock { choices in choices.map { _ in (choices?.next() ?? 0) % 4 == 0 } ?? false }
        if isLost { throw Lost() }
        return answer
    }

    func download(_ path: String, to file: String, maximumBytes: Int64) async throws {
        let headers = [TransferRequest.Header("Authorization", "Bearer \(token.text)")]
        _ = try await client.download(TransferRequest(.get, base + path, headers: headers), to: file)
    }

    private func send(
        _ method: TransferRequest.Method, _ path: String, _ body: [UInt8], _ limit: Int
    ) async throws -> TransportAnswer {
        let answer = try await client.send(
            TransferRequest(
                method, base + path, headers: [.init("Authorization", "Bearer \(token.text)")], body: body,
                limits: TransferLimits(maximumBodyBytes: Int64(limit))))
        return TransportAnswer(status: answer.status, body: answer.body)
    }
}

/// Random numbers that are the same in each run. Source: Steele, Lea, Flood 2014.
private struct Choices {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
