package import Plant

/// A store in memory that can be told to refuse, or to hold each batch until it is released.
package actor MemorySink: SampleSink {
    /// What the sink does with the next batches.
    package enum Mode: Sendable, Equatable {
        case accept
        /// Throws ``Refused``, as a full disk makes a store do.
        case refuse
        /// Never returns until the mode changes or the caller is cancelled, as a stuck disk does.
        case hold
    }

    /// The sink was told to refuse, or its caller gave up.
    package struct Refused: Error {
        package init() {}
    }

    package private(set) var mode: Mode
    /// Everything stored, oldest first.
    package private(set) var batches: [SampleBatch] = []
    /// How often a batch was offered, stored or not.
    package private(set) var offers = 0
    private var held: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextHold = 0

    package init(mode: Mode = .accept) { self.mode = mode }

    package var samples: [Sample] { batches.flatMap(\.samples) }
    package var receipts: [MessageReceipt] { batches.flatMap(\.receipts) }

    /// The samples of one tag, oldest first.
    package func samples(of tag: TagID) -> [Sample] { samples.filter { $0.tag == tag } }

    package func set(_ mode: Mode) {
        self.mode = mode
        if mode != .hold { releaseAll() }
    }

    package func store(_ batch: SampleBatch) async throws {
        offers += 1
        if mode == .hold { await holdUntilReleased() }
        guard mode == .accept, !Task.isCancelled else { throw Refused() }
        batches.append(batch)
    }

    package func storedReceipts(link: String) -> [MessageReceipt] {
        batches.filter { $0.link == link }.flatMap(\.receipts).suffix(65_535)
    }

    /// Losses that were noted, oldest first.
    package private(set) var losses: [(link: String, since: WallTime?)] = []

    package func recordLoss(link: String, since: WallTime?) { losses.append((link, since)) }

    private func holdUntilReleased() async {
        let ticket = nextHold
        nextHold += 1
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { held[ticket] = continuation }
            }
        } onCancel: {
            // A cancellation handler is synchronous, and only the actor may touch what it holds.
            Task { await self.release(ticket) }
        }
    }

    private func release(_ ticket: Int) { held.removeValue(forKey: ticket)?.resume() }

    private func releaseAll() {
        let waiting = held.values
        held = [:]
        for continuation in waiting { continuation.resume() }
    }
}
