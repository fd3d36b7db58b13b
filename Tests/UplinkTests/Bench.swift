import Logging
import Plant
import Store
import Synchronization
import TestBench
import Trust
import Uplink

/// A box with a real store, and a registry in memory.
struct Bench {
    static let pack = "rotating-machine"
    static let day = Duration.seconds(86_400)

    let folder: TempDirectory
    let clock: ManualClock
    let registry: MemoryRegistry
    let store: Store
    let prover: Prover
    let key: PrivateKey

    /// Says which models pass their proof.
    final class Prover: Sendable {
        struct Failed: Error, CustomStringConvertible {
            var description: String { "the receipt does not hold" }
        }
        private let refused = Mutex<Set<String>>([])
        private let calls = Mutex(0)

        var count: Int { calls.withLock { $0 } }
        func refuse(_ blob: [UInt8]) throws {
            let digest = try Digest(of: blob).hex
            refused.withLock { _ = $0.insert(digest) }
        }
        func prove(_ path: String) throws {
            calls.withLock { $0 += 1 }
            let digest = try Digest.ofFile(path).digest.hex
            guard path.contains(digest), !refused.withLock({ $0.contains(digest) }) else { throw Failed() }
        }
    }

    init(continuing bench: Bench? = nil) throws {
        folder = try bench?.folder ?? TempDirectory()
        clock = bench?.clock ?? ManualClock()
        registry = bench?.registry ?? MemoryRegistry()
        prover = bench?.prover ?? Prover()
        key = try bench?.key ?? PrivateKey(seed: [UInt8](repeating: 7, count: 32))
        store = try Store(
            directory: folder.file("store"), limits: Limits(reserveBytes: 64 << 10), clock: clock, logger: Self.logger,
            bootID: "boot")
    }

    static let logger = Logger(label: "uplink-tests") { _ in SwiftLogNoOpLogHandler() }

    /// As after a power cut: the store opened again, everything in memory gone.
    func restarted() async throws -> Bench {
        await store.close()
        return try Bench(continuing: self)
    }

    // MARK: Telemetry

    func sync(every interval: Duration = .seconds(3_600)) -> TelemetrySync {
        TelemetrySync(store: store, transport: registry, interval: interval, logger: Self.logger)
    }

    /// Puts `count` numbered items in line, the third of each ten an alert.
    func enqueue(_ count: Int, from first: Int = 0) async throws {
        try await store.apply(
            (first..<first + count).map { .enqueue($0 % 10 == 2 ? .alert : .telemetry, Array("{\"n\":\($0)}".utf8)) })
    }

    func waiting() async throws -> Int { try await store.nextBatch(rows: 100_000, bytes: 1 << 30).count }

    // MARK: Models

    static func blob(_ number: UInt8, count: Int = 1_000) -> [UInt8] { [UInt8](repeating: number, count: count) }

    func digest(_ blob: [UInt8]) throws -> String { try Digest(of: blob).hex }

    var installer: ModelInstaller {
        ModelInstaller(store: store, logger: Self.logger, prove: { [prover] in try prover.prove($0) })
    }

    func update() throws -> ModelUpdate {
        ModelUpdate(
            store: store, installer: installer, transport: registry, root: try TrustRoot(keys: [key.publicKey]),
            clock: clock, logger: Self.logger)
    }

    func refresh() async throws -> ModelUpdate.Outcome { try await update().refresh(pack: Self.pack) }

    func target(_ blob: [UInt8], release: Int64) throws -> TargetFile {
        TargetFile(
            path: "\(Self.pack)/\(release).mwplan", lengthBytes: Int64(blob.count), digest: try Digest(of: blob),
            custom: .object([.init("pack", .string(Self.pack)), .init("release", .integer(release))]))
    }

    func envelope(
        _ files: [TargetFile], version: Int64, validFor span: Duration = day, keys: [PrivateKey]? = nil
    ) throws -> [UInt8] {
        try Targets(version: version, expires: clock.wall() + span, files: files).signed(by: keys ?? [key])
    }

    /// Signs and serves one release; the metadata has the same number.
    func publish(
        _ blob: [UInt8], release: Int64, version: Int64? = nil, validFor span: Duration = day, keys: [PrivateKey]? = nil
    ) throws {
        try registry.keep(blob)
        registry.serve(
            try envelope(
                [try target(blob, release: release)], version: version ?? release, validFor: span, keys: keys),
            pack: Self.pack)
    }

    func slots() async throws -> ModelSlots? { try await store.slots().first { $0.pack == Self.pack } }
    func active() async throws -> String? { try await slots()?.active }

    /// Names of the files in the folder of models.
    func modelFiles() throws -> [String] { try FileNames.inDirectory(store.models.directory) }
}

/// The code of an ``UplinkError``, or what else was thrown; "nothing" when nothing was.
func code(of body: () async throws -> some Any) async -> String {
    do {
        _ = try await body()
        return "nothing"
    } catch let error as UplinkError {
        return error.code
    } catch { return "\(error)" }
}
