import Logging
import Plant
import Store
import Trust
import Uplink

/// Keeps the judges on the active model of each slot, whoever switched it: this daemon, or a rollback from the command line.
actor ModelSlotService {
    /// Installs into this store after proof.
    nonisolated let installer: ModelInstaller
    private let store: Store
    private let judge: JudgeService
    private let logger: Logger
    private var inUse: [String: String] = [:]

    init(store: Store, judge: JudgeService, logger: Logger) {
        installer = ModelInstaller(store: store, logger: logger, prove: { try ModelProof.prove(path: $0) })
        self.store = store
        self.judge = judge
        self.logger = logger
    }

    /// Puts each pack's own model into its slot where the slot is empty, then proves and loads what is active.
    ///
    /// The receipt is proved at each start: a file that has rotted, or a machine that computes wrongly, is found here.
    func start(_ configuration: PlantConfiguration) async throws {
        let filled = Set(try await store.slots().filter { $0.active != nil }.map(\.pack))
        for asset in configuration.assets where !filled.contains(asset.model) {
            guard let path = PackFiles(directory: asset.packDirectory).modelPath else { continue }
            let bytes = try TextFile.read(path, limit: ModelProof.largestFileBytes)
            do {
                _ = try await installer.install(bytes, pack: asset.model, version: 0)
            } catch let error as UplinkError {
                logger.error("the pack's model was not taken", metadata: ["file": "\(path)", "reason": "\(error)"])
            }
        }
        try await followSlots()
    }

    /// Loads what the slots name where that has changed.
    func followSlots() async throws {
        for slot in try await store.slots() {
            guard let digest = slot.active, inUse[slot.pack] != digest else { continue }
            let path = try store.models.path(of: digest)
            do {
                try ModelProof.prove(path: path, digest: digest)
                let record = try await store.modelRecord(digest, pack: slot.pack)
                await judge.use(
                    ProvedModel(
                        name: slot.pack, version: Int(record?.version ?? 0), digest: digest,
                        file: try MappedFile(path: path)))
                inUse[slot.pack] = digest
            } catch {
                logger.error(
                    "the active model failed its proof", metadata: ["model": "\(slot.pack)", "reason": "\(error)"])
                try await fallBack(from: digest, in: slot, reason: "\(error)")
            }
        }
    }

    /// A model that no longer proves itself must not judge: the previous one does, or none.
    private func fallBack(from digest: String, in slot: ModelSlots, reason: String) async throws {
        guard slot.previous != nil else { return }
        _ = try await store.rollback(pack: slot.pack, reason: reason)
        try await followSlots()
    }
}
