package import Logging
package import Store
import Trust

/// Makes a model file the active one of its slot: recorded, proved on this box, switched to by one transaction.
package struct ModelInstaller: Sendable {
    private let store: Store
    private let logger: Logger
    private let prove: @Sendable (_ path: String) throws -> Void

    /// - Parameter prove: throws when the model at the path does not compute what its receipt says.
    package init(store: Store, logger: Logger, prove: @escaping @Sendable (_ path: String) throws -> Void) {
        self.store = store
        self.logger = logger
        self.prove = prove
    }

    /// Takes a model of this box's own: the one that a pack ships, or one that was fitted here.
    ///
    /// - Parameter version: 0 for a pack's own, so that any release of the registry is newer.
    /// - Returns: its SHA-256, hex.
    /// - Throws: ``UplinkError/proof(_:)`` for a model that fails; the one that was active goes on.
    package func install(_ bytes: [UInt8], pack: String, version: Int64) async throws -> String {
        let digest: Digest
        do { digest = try Digest(of: bytes) } catch { throw UplinkError.trust(error) }
        try store.models.write(bytes, digest: digest.hex)
        try await take(digest: digest.hex, pack: pack, version: version, bytes: Int64(bytes.count), envelope: [])
        return digest.hex
    }

    /// From a file that lies under its digest to the active model. Each step may be entered again after a cut.
    func take(digest: String, pack: String, version: Int64, bytes: Int64, envelope: [UInt8]) async throws {
        _ = try await store.recordFetched(
            FetchedModel(digest: digest, pack: pack, version: version, envelope: envelope, bytes: bytes))
        do {
            try prove(try store.models.path(of: digest))
        } catch {
            try await store.refuse(digest, pack: pack, reason: "\(error)")
            logger.error("model refused", metadata: ["model": "\(pack)", "digest": "\(digest)", "reason": "\(error)"])
            throw UplinkError.proof("\(error)")
        }
        try await store.markProved(digest, pack: pack)
        _ = try await store.activate(digest, pack: pack)
    }
}
