import Glibc
package import Logging
package import Plant
package import Store
package import Trust

/// Brings one model slot up to date: fetch, verify, prove, switch. Every step is durable and may be entered again.
///
/// What runs is changed by one transaction, after the new model has shown on this box's own kernels that it computes what
/// its maker computed. A model that fails is refused by its digest and not fetched again.
package actor ModelUpdate {
    package enum Outcome: Sendable, Equatable {
        case upToDate(release: Int64)
        case activated(release: Int64, digest: String)
        /// The newest one was refused before.
        case refusedBefore(digest: String, reason: String)
    }

    private let store: Store
    private let transport: any Transport
    private let root: TrustRoot
    private let clock: any PlantClock
    private let logger: Logger
    private let installer: ModelInstaller

    /// A model of the kind that runs on an edge box; the largest of ours is 2 MB.
    private static let largestModelBytes: Int64 = 64 << 20

    package init(
        store: Store, installer: ModelInstaller, transport: any Transport, root: TrustRoot, clock: any PlantClock,
        logger: Logger
    ) {
        self.store = store
        self.installer = installer
        self.transport = transport
        self.root = root
        self.clock = clock
        self.logger = logger
    }

    /// Looks once whether the registry has a newer model for a slot, and takes it.
    ///
    /// - Throws: ``UplinkError`` when the registry or what it sent is no good, `StoreError` when the step cannot be stored;
    ///   the model that ran goes on in each case.
    package func refresh(pack: String) async throws -> Outcome {
        let target = try await newestTarget(pack: pack)
        let release = target.release ?? 0
        let digest = target.digest.hex
        let active = try await activeRecord(pack: pack)
        if let active, active.version >= release { return .upToDate(release: active.version) }
        // The same file under a new number (a pack's own model that was published, say): there is nothing to switch.
        if active?.digest == digest { return .upToDate(release: release) }
        if let record = try await store.modelRecord(digest, pack: pack), record.state == .refused {
            return .refusedBefore(digest: digest, reason: record.reason ?? "")
        }
        try await fetch(target)
        try await installer.take(
            digest: digest, pack: pack, version: release, bytes: target.lengthBytes, envelope: target.envelope)
        logger.notice(
            "model activated", metadata: ["model": "\(pack)", "release": "\(release)", "digest": "\(digest)"])
        return .activated(release: release, digest: digest)
    }

    private func activeRecord(pack: String) async throws -> ModelRecord? {
        guard let digest = try await store.slots().first(where: { $0.pack == pack })?.active else { return nil }
        return try await store.modelRecord(digest, pack: pack)
    }

    private struct SignedTarget {
        var file: TargetFile
        var envelope: [UInt8]
        var release: Int64? { file.release }
        var digest: Digest { file.digest }
        var lengthBytes: Int64 { file.lengthBytes }
    }

    private func newestTarget(pack: String) async throws -> SignedTarget {
        let path = "/v1/models/\(pack)"
        let answer: TransportAnswer
        do {
            answer = try await transport.get(path, maximumBytes: Targets.maximumBytes)
        } catch is CancellationError {
            throw CancellationError()
        } catch { throw UplinkError.unreachable("\(error)") }
        switch answer.status {
        case 200: break
        case 404: throw UplinkError.noModel(pack: pack)
        default:
            throw UplinkError.status(answer.status, path: path, body: String(decoding: answer.body, as: UTF8.self))
        }
        let floor = WallTime(nanoseconds: Int64(try await store.value(Self.floorKey) ?? "") ?? 0)
        let versionKey = "update.\(pack).metadata_version"
        let stored = try await store.value(versionKey).flatMap { Int64($0) }
        let targets: Targets
        do {
            targets = try root.verify(answer.body, now: clock.wall(), floor: floor, storedVersion: stored)
        } catch { throw UplinkError.trust(error) }
        guard let newest = targets.newest(pack: pack) else { throw UplinkError.noModel(pack: pack) }
        try await store.setValue(versionKey, String(targets.version))
        // Time that signed metadata was good at: a clock that is set back later does not revive what has expired.
        try await store.setValue(Self.floorKey, String(max(floor, clock.wall()).nanoseconds))
        return SignedTarget(file: newest, envelope: answer.body)
    }

    private static let floorKey = "time.floor"

    private func fetch(_ target: SignedTarget) async throws {
        let digest = target.digest.hex
        guard target.lengthBytes <= Self.largestModelBytes else {
            throw UplinkError.tooLarge(bytes: target.lengthBytes, limit: Self.largestModelBytes)
        }
        if try store.models.contains(digest) {
            // What lies under the name was whole when it was put there; a disk that has changed it since must not make
            // this box refuse a good model for ever.
            if let known = try? Digest.ofFile(try store.models.path(of: digest)), known.digest == target.digest {
                return
            }
        }
        let partial = try store.models.partialPath(of: digest)
        do {
            try await transport.download("/v1/targets/\(digest)", to: partial, maximumBytes: target.lengthBytes)
        } catch is CancellationError {
            throw CancellationError()
        } catch { throw UplinkError.unreachable("\(error)") }
        let found: (digest: Digest, lengthBytes: Int64)
        do { found = try Digest.ofFile(partial) } catch { throw UplinkError.trust(error) }
        guard found.lengthBytes == target.lengthBytes, found.digest == target.digest else {
            // Going on from wrong bytes would never come right.
            unlink(partial)
            throw UplinkError.wrongFile(
                expected: "\(target.lengthBytes) bytes with SHA-256 \(digest)",
                found: "\(found.lengthBytes) bytes with SHA-256 \(found.digest.hex)")
        }
        try store.models.adopt(digest)
    }
}
