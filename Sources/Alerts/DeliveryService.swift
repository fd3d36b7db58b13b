package import Logging
package import Plant

/// Carries messages from the journal to the channels until each is confirmed or given up.
///
/// A channel that hangs or fails holds up nobody but itself. The messages of one alert keep their order on each channel:
/// while one waits, those behind it wait. A message may come twice (a cut between confirmation and journal), never less.
package actor DeliveryService {
    private let channels: [any AlertChannel]
    private let journal: any DeliveryJournal
    private let policy: RetryPolicy
    private let clock: any PlantClock
    private let logger: Logger
    private var random: any RandomNumberGenerator & Sendable
    private var tracks: [String: Track] = [:]
    private var waiters: [String: AsyncStream<Void>.Continuation] = [:]

    /// What is known of one channel; kept in memory, because only attempts must outlive a restart.
    private struct Track {
        var status: DeliveryStatus
        var notBefore: [Int64: MonotonicTime] = [:]
        var firstSeen: [Int64: MonotonicTime] = [:]
    }

    /// Messages looked at in one pass: enough for order, little memory.
    private static let batch = 64
    /// How long a channel waits for news when nothing is to be retried; a call of ``wake()`` ends it.
    private static let idle: Duration = .seconds(60)
    /// The journal itself failed (a full disk): try again after this.
    private static let journalRetry: Duration = .seconds(5)

    package init(
        channels: [any AlertChannel], journal: any DeliveryJournal, policy: RetryPolicy = RetryPolicy(),
        clock: any PlantClock, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        logger: Logger
    ) {
        self.channels = channels
        self.journal = journal
        self.policy = policy
        self.clock = clock
        self.random = random
        self.logger = logger
        for channel in channels {
            let name = type(of: channel).name
            tracks[name] = Track(status: DeliveryStatus(channel: name, destination: channel.destination))
        }
    }

    /// Delivers until its task is cancelled.
    ///
    /// - Parameter sleeper: what waits between two passes.
    package func run(sleeper: any Clock<Duration> = ContinuousClock()) async {
        await withTaskGroup(of: Void.self) { group in
            for channel in channels { group.addTask { await self.loop(channel, sleeper) } }
        }
    }

    /// New messages are in the journal.
    package func wake() {
        for waiter in waiters.values { waiter.yield() }
    }

    package var status: [DeliveryStatus] {
        channels.compactMap { tracks[type(of: $0).name]?.status }
    }

    private func loop(_ channel: any AlertChannel, _ sleeper: any Clock<Duration>) async {
        let name = type(of: channel).name
        // One signal is enough: a pass looks at everything.
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        waiters[name] = continuation
        defer { waiters[name] = nil }
        while !Task.isCancelled {
            let pause = await pass(name) ?? Self.idle
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await sleeper.sleep(for: max(pause, .milliseconds(1))) }
                group.addTask {
                    var iterator = signals.makeAsyncIterator()
                    _ = await iterator.next()
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Tries everything of one channel that is due now.
    ///
    /// - Returns: the time until the next one is due; nil when nothing waits.
    @discardableResult
    package func pass(_ name: String) async -> Duration? {
        guard let channel = channels.first(where: { type(of: $0).name == name }) else { return nil }
        let pending: [Delivery]
        do {
            pending = try await journal.pending(channel: name, limit: Self.batch)
            tracks[name]?.status.isJournalReadable = true
        } catch {
            if tracks[name]?.status.isJournalReadable == true {
                logger.error(
                    "cannot read pending alert deliveries", metadata: ["channel": "\(name)", "error": "\(error)"])
            }
            tracks[name]?.status.isJournalReadable = false
            return Self.journalRetry
        }
        take(pending, of: name)
        var blocked: Set<String> = []
        var next: MonotonicTime?
        for delivery in pending {
            guard !Task.isCancelled else { return nil }
            guard !blocked.contains(delivery.alert) else { continue }
            let now = clock.monotonic()
            if let notBefore = tracks[name]?.notBefore[delivery.id], now < notBefore {
                blocked.insert(delivery.alert)
                next = min(next ?? notBefore, notBefore)
                continue
            }
            if let due = await attempt(delivery, on: channel) {
                blocked.insert(delivery.alert)
                next = min(next ?? due, due)
            }
        }
        let waiting = tracks[name]?.firstSeen.count ?? 0
        tracks[name]?.status.waiting = waiting
        // A full batch that was all delivered has more behind it.
        if next == nil, pending.count == Self.batch { return .zero }
        return next.map { max($0 - clock.monotonic(), .zero) }
    }

    /// - Returns: when to try it again; nil when it is done with.
    private func attempt(_ delivery: Delivery, on channel: any AlertChannel) async -> MonotonicTime? {
        let name = type(of: channel).name
        let started = clock.monotonic()
        let firstSeen = tracks[name]?.firstSeen[delivery.id] ?? started
        do throws(DeliveryError) {
            try await channel.send(delivery)
        } catch {
            if Task.isCancelled { return started }
            return await failed(delivery, on: channel, error, firstSeen: firstSeen)
        }
        do {
            try await journal.done(delivery.id, at: clock.wall())
        } catch {
            // It went out but the journal does not know: it will go out again.
            return journalFailed(delivery, name, error)
        }
        tracks[name]?.status.delivered += 1
        tracks[name]?.status.failure = nil
        settle(delivery, name)
        return nil
    }

    private func failed(
        _ delivery: Delivery, on channel: any AlertChannel, _ error: DeliveryError, firstSeen: MonotonicTime
    ) async -> MonotonicTime? {
        let name = type(of: channel).name
        let attempts = delivery.attempts + 1
        let now = clock.monotonic()
        let isRefused = if case .refused = error { true } else { false }
        let metadata: Logger.Metadata = [
            "channel": "\(name)", "destination": "\(channel.destination)", "alert": "\(delivery.alert)",
            "attempts": "\(attempts)", "error": "\(error)",
        ]
        do {
            if isRefused || attempts >= policy.maximumAttempts || now - firstSeen >= policy.maximumAge {
                try await journal.giveUp(delivery.id, attempts: attempts, at: clock.wall(), reason: "\(error)")
                tracks[name]?.status.givenUp += 1
                tracks[name]?.status.failure = "\(error)"
                settle(delivery, name)
                logger.error("alert delivery given up", metadata: metadata)
                return nil
            }
            let delay = policy.delay(afterFailures: attempts, random: &random)
            try await journal.retry(delivery.id, attempts: attempts, at: clock.wall() + delay, reason: "\(error)")
            // Once when it begins; the status shows that it goes on.
            if tracks[name]?.status.failure == nil { logger.warning("alert delivery failed", metadata: metadata) }
            tracks[name]?.status.retries += 1
            tracks[name]?.status.failure = "\(error)"
            tracks[name]?.notBefore[delivery.id] = now + delay
            return now + delay
        } catch {
            return journalFailed(delivery, name, error)
        }
    }

    private func journalFailed(_ delivery: Delivery, _ name: String, _ error: any Error) -> MonotonicTime {
        logger.error(
            "cannot record an alert delivery",
            metadata: ["channel": "\(name)", "alert": "\(delivery.alert)", "error": "\(error)"])
        tracks[name]?.status.journalFailures += 1
        let due = clock.monotonic() + Self.journalRetry
        tracks[name]?.notBefore[delivery.id] = due
        return due
    }

    private func settle(_ delivery: Delivery, _ name: String) {
        tracks[name]?.notBefore[delivery.id] = nil
        tracks[name]?.firstSeen[delivery.id] = nil
    }

    /// Messages age from the first pass that sees them, also while they wait behind another one; what the journal no
    /// longer lists was settled elsewhere (its own limits).
    private func take(_ pending: [Delivery], of name: String) {
        guard var track = tracks[name] else { return }
        let ids = Set(pending.map(\.id))
        let now = clock.monotonic()
        track.notBefore = track.notBefore.filter { ids.contains($0.key) }
        track.firstSeen = track.firstSeen.filter { ids.contains($0.key) }
        for id in ids where track.firstSeen[id] == nil { track.firstSeen[id] = now }
        tracks[name] = track
    }
}

/// How one channel does, for `millwright status`.
package struct DeliveryStatus: Hashable, Sendable {
    package var channel: String
    package var destination: String
    package var delivered = 0
    package var retries = 0
    package var givenUp = 0
    /// Messages of the latest pass that are still to be confirmed, at most 64.
    package var waiting = 0
    /// The latest failure, until a message gets through.
    package var failure: String?
    package var journalFailures = 0
    package var isJournalReadable = true
}
