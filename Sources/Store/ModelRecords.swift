package import Plant

/// One model file that this box has fetched, and how far it has come.
package struct ModelRecord: Sendable, Hashable {
    /// SHA-256 of the file, hex.
    package var digest: String
    /// The solution pack that it belongs to.
    package var pack: String
    package var version: Int64
    package var state: State
    /// Why it was refused.
    package var reason: String?
    /// Name of the file under `models/`.
    package var file: String
    /// The signed statement that it came with, byte for byte.
    package var envelope: [UInt8]
    package var bytes: Int64
    package var fetchedAt: WallTime
    package var provedAt: WallTime?
    package var activatedAt: WallTime?
    package var changedAt: WallTime

    package enum State: String, Sendable, Hashable, CaseIterable {
        /// The file is whole, durable, and its signature and digest hold.
        case fetched
        /// Its receipt holds on this box's kernels.
        case proved
        case active
        /// Was active before the present one; kept for a rollback.
        case previous
        /// Failed its proof or was rolled back; never activated again unless a person allows it.
        case refused
    }
}

/// A model file that has been verified and lies under its name.
package struct FetchedModel: Sendable {
    package var digest: String
    package var pack: String
    package var version: Int64
    package var envelope: [UInt8]
    package var bytes: Int64

    package init(digest: String, pack: String, version: Int64, envelope: [UInt8], bytes: Int64) {
        self.digest = digest
        self.pack = pack
        self.version = version
        self.envelope = envelope
        self.bytes = bytes
    }
}

/// Which models a pack runs and would go back to, as digests.
package struct ModelSlots: Sendable, Hashable {
    package var pack: String
    package var active: String?
    package var previous: String?
    package var switchedAt: WallTime
}
