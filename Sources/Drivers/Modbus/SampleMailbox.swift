import Plant
import Synchronization

/// Values of one link on their way from the poller to the store: what comes while the store is busy goes with the next batch.
final class SampleMailbox: Sendable {
    private struct State {
        var samples: [Sample] = []
        var isOpen = true
    }

    private let state = Mutex(State())
    private let limit: Int
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    /// Values that wait for a store that does not take them; the oldest are given up, and counted.
    static let leastLimit = 8_192

    /// - Parameter values: of one round of the link; four rounds wait at least.
    init(values: Int) {
        limit = max(Self.leastLimit, 4 * values)
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// - Returns: how many older values were given up.
    func put(_ samples: [Sample]) -> Int {
        let lost = state.withLock { state in
            if state.samples.isEmpty { state.samples = samples } else { state.samples += samples }
            let excess = max(0, state.samples.count - limit)
            if excess > 0 { state.samples.removeFirst(excess) }
            return excess
        }
        arrived.yield()
        return lost
    }

    func close() {
        state.withLock { $0.isOpen = false }
        arrived.finish()
    }

    /// Hands everything to the store, batch after batch, until the mailbox is closed and empty.
    @concurrent
    func empty(into sink: any SampleSink, link: String, monitor: LinkMonitor) async {
        for await _ in arrivals { await storeAll(into: sink, link: link, monitor: monitor) }
        await storeAll(into: sink, link: link, monitor: monitor)
    }

    private func storeAll(into sink: any SampleSink, link: String, monitor: LinkMonitor) async {
        let batch = SampleBatch(
            link: link,
            samples: state.withLock { state in
                let samples = state.samples
                state.samples = []
                return samples
            })
        guard !batch.samples.isEmpty else { return }
        while true {
            do {
                try await sink.store(batch)
                monitor.count { $0.stored += batch.samples.count }
                return
            } catch {
                monitor.count { $0.refusals += 1 }
                monitor.record(error: "\(LinkFailure.notStored("\(error)"))")
                // Cancelled: what waits is lost with the process, as a later scan would be.
                guard (try? await Task.sleep(for: .milliseconds(500))) != nil else {
                    monitor.count { $0.dropped += batch.samples.count }
                    return
                }
            }
        }
    }
}
