import Drivers
import Logging
import Store

/// Executes what was ordered to be written to the field, one order after another.
struct WriteService: Sendable {
    let store: Store
    let links: LinkSupervisor
    let logger: Logger

    /// Well below what a person notices.
    private static let interval = Duration.milliseconds(50)
    /// Where no link allows a write: an order is only refused.
    private static let idleInterval = Duration.milliseconds(500)
    /// A write that is not begun by then is not begun at all.
    private static let patience = Duration.seconds(5)

    /// Runs until cancelled.
    func run() async throws {
        try await store.abandonOrders()
        while !Task.isCancelled {
            do {
                for order in try await store.takeOrders() { try await execute(order) }
            } catch {
                logger.error("writes interrupted", metadata: ["reason": "\(error)"])
            }
            try await Task.sleep(for: await links.mayWrite ? Self.interval : Self.idleInterval)
        }
    }

    private func execute(_ order: WriteOrder) async throws {
        let outcome = await links.write(order.tag, order.value, within: Self.patience)
        logger.notice(
            "value written to the field",
            metadata: ["tag": "\(order.tag)", "by": "\(order.by)", "outcome": "\(outcome.word)"])
        try await store.finishOrder(order.id, WriteResult(outcome))
    }
}

extension WriteResult {
    /// As the audit has it.
    init(_ outcome: WriteOutcome) {
        switch outcome {
        case .written(let old): self.init(outcome: outcome.word, old: old)
        case .notConfirmed(let old, let read):
            self.init(outcome: outcome.word, detail: "\(read) was read back", old: old)
        case .refused(let reason): self.init(outcome: outcome.word, detail: reason)
        case .unknown(let old, let reason): self.init(outcome: outcome.word, detail: reason, old: old)
        }
    }
}
