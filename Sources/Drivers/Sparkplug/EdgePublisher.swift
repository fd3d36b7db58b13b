import CMosquitto
import Glibc
package import Logging
package import Plant
import Sparkplug
import Synchronization
import Threads

/// Publishes committed samples as a Sparkplug B edge node.
///
/// What the host has not had is kept where it is, in the store: the place up to which everything is sent moves only when the
/// broker has answered for it. Data goes with QoS 0, as the standard demands, and so without an acknowledgement; a broker
/// answers a SUBSCRIBE in its turn, after it has read what came before, and that answer is waited for after each page.
///
/// - Source: Sparkplug 3.0, 5.4 to 5.7 and 6.4.
package actor EdgePublisher {
    /// A broker that has not answered by then is as good as absent.
    private static let answerLimit: Duration = .seconds(10)
    /// A connection that has lasted for this long was a good one: the next wait starts small again.
    private static let stableAfter: Duration = .seconds(5)
    /// Samples of one page, which are a few messages: small enough that live values need not wait long for historical ones.
    private static let pageSize = 500
    /// How often is looked for new samples: a message for each commit would be most of all bytes, and no screen is quicker.
    private static let lookEvery: Duration = .milliseconds(100)
    /// Births in answer to commands and new tags: a host that asks and asks gets one now and then.
    private static let rebirthInterval: Duration = .seconds(1)

    private let settings: EdgeSettings
    /// In the order in which they are tried.
    private let brokers: [MQTTConnectionSettings]
    private var broker = 0
    /// How many of them in a row could not be used.
    private var refusals = 0
    private let source: any EdgeSource
    private let clock: any PlantClock
    private let logger: Logger
    private let shared: Shared
    private let stop: WakeSignal
    private var backOff: BackOff
    private var rivalry: Rivalry
    private var edge: EdgeNode
    private var known: Set<TagID> = []
    /// What each published tag said last, for births.
    private var latest: [TagID: Sample] = [:]
    private var progress = EdgeProgress()
    private var thinning = Thinning()
    private var hasConnected = false

    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is asked from anywhere.
    private final class Shared: Sendable {
        let status = Mutex(EdgeStatus())
    }

    /// The primary host has gone, or is not at this broker: this connection is over, as the standard wants it.
    private struct HostGone: Error {}

    /// How long a broker may take to tell the state of the host, before the next one is asked. It keeps that state and sends it with its
    /// answer to the subscription.
    private static let hostLimit: Duration = .seconds(5)

    /// - Parameter link: the one that the settings name.
    /// - Throws: when the link has no broker, or the system gives no thread.
    package init(
        _ settings: EdgeSettings, link: LinkDefinition?, source: any EdgeSource, clock: any PlantClock, logger: Logger
    ) throws {
        let brokers = settings.connections(link)
        guard let first = brokers.first else {
            throw LinkFailure.notConnected("the link \"\(settings.link ?? "")\" has no broker")
        }
        executor = try ThreadExecutor()
        stop = try WakeSignal()
        self.settings = settings
        self.brokers = brokers
        self.source = source
        self.clock = clock
        self.logger = logger
        shared = Shared()
        backOff = BackOff(seed: UInt64.random(in: .min ... .max))
        rivalry = Rivalry(clientID: first.clientID)
        edge = EdgeNode(settings.node)
    }

    package nonisolated func status() -> EdgeStatus { shared.status.withLock { $0 } }

    /// Publishes until it is cancelled.
    package func run() async {
        await withTaskCancellationHandler {
            while !Task.isCancelled { await connectOnce() }
            shared.status.withLock { $0.state = .stopped }
        } onCancel: {
            stop.raise()
        }
    }

    private func connectOnce() async {
        enter(.connecting)
        let start = clock.monotonic()
        let inbox = EdgeInbox(node: settings.node, primaryHost: settings.primaryHost)
        do {
            progress = try await source.progress()
            let bdSeq = (progress.bdSeq ?? 255) &+ 1
            progress.bdSeq = bdSeq
            // Before the broker hears of it: a number that was used must not come again after a crash.
            try await source.save(progress)
            try await serve(inbox, bdSeq: bdSeq)
        } catch is HostGone {
            // To wait for it again is no failure.
            if brokers.count == 1 { backOff.reset() }
        } catch {
            if Task.isCancelled { return }
            rivalry.note(
                error, isAccepted: inbox.connectCode == 0, goodbye: inbox.goodbye, after: clock.monotonic() - start)
            let reason =
                rivalry.text ?? inbox.goodbye.flatMap(MQTTReason.refusal).map { "\(LinkFailure.refused($0))" }
                ?? "\(error)"
            shared.status.withLock { $0.lastError = reason }
            logger.warning(
                "Sparkplug edge node is not connected",
                metadata: ["edge_node": "\(settings.node)", "error": "\(reason)"])
        }
        if Task.isCancelled { return }
        let stableAfter = rivalry.isLikely ? Rivalry.stableAfter : Self.stableAfter
        let isStable = clock.monotonic() - start >= stableAfter
        if isStable { backOff.reset() }
        walk(wasOnline: shared.status.withLock { $0.state == .online })
        enter(.waiting)
        // The other brokers are tried at once; only who has asked them all waits.
        if refusals % brokers.count == 0 { stop.wait(timeout: backOff.wait()) }
    }

    /// Turns to the next broker. Each connection has a number of its own, so that no host mistakes the death that the last
    /// broker says for that of the next connection.
    ///
    /// - Source: Sparkplug 3.0, operational-behavior-primary-application-state-with-multiple-servers-walk.
    private func walk(wasOnline: Bool) {
        refusals = wasOnline ? 1 : refusals + 1
        broker = (broker + 1) % brokers.count
    }

    // MARK: One connection

    private func serve(_ inbox: EdgeInbox, bdSeq: UInt8) async throws {
        var connection = brokers[broker]
        let death = edge.death(bdSeq: bdSeq, at: clock.wall())
        connection.will = MQTTMessage(topic: death.topic, payload: death.payload, qos: 1)
        let client = try MosquittoClient(connection, isSessionClean: true, handler: inbox)
        try client.connect()
        try turn(client, inbox, what: "CONNACK") { inbox.connectCode != nil }
        if let code = inbox.connectCode, code != 0 {
            throw LinkFailure.refused(MQTTReason.connect(code, connection.version))
        }
        for filter in inbox.filters { try await subscribe(client, inbox, filter) }
        shared.status.withLock {
            $0.bdSeq = bdSeq
            $0.broker = brokers.count == 1 ? nil : "\(connection.host):\(connection.port)"
            if hasConnected { $0.reconnects += 1 }
        }
        hasConnected = true
        do {
            try await publish(client, inbox, bdSeq)
        } catch is HostGone {
            try say(goodbye: client, bdSeq)
            throw HostGone()
        }
        try say(goodbye: client, bdSeq)
    }

    /// A will is not published for somebody who says goodbye, so the death is said first.
    private func say(goodbye client: MosquittoClient, _ bdSeq: UInt8) throws {
        try send([edge.death(bdSeq: bdSeq, at: clock.wall())], client)
        client.disconnect()
    }

    private func publish(_ client: MosquittoClient, _ inbox: EdgeInbox, _ bdSeq: UInt8) async throws {
        var isBorn = false
        var nextKeepAlive = clock.monotonic() + .seconds(1)
        var lastBirth: MonotonicTime?
        let start = clock.monotonic()
        while !Task.isCancelled {
            let isHostOnline = inbox.isHostOnline
            shared.status.withLock {
                $0.isHostOnline = settings.primaryHost == nil ? nil : isHostOnline
                $0.commandsRefused += inbox.takeRefused()
            }
            if !isBorn, isHostOnline {
                try await begin()
                try await birth(client, inbox, bdSeq)
                lastBirth = clock.monotonic()
                isBorn = true
                enter(.online)
            } else if isBorn, !isHostOnline {
                throw HostGone()
            } else if !isBorn {
                enter(.waitingForHost)
                if brokers.count > 1, clock.monotonic() - start >= Self.hostLimit { throw HostGone() }
            }
            var isIdle = true
            if isBorn {
                let isDue = lastBirth.map { clock.monotonic() - $0 >= Self.rebirthInterval } ?? true
                if inbox.isRebirthWanted, isDue {
                    inbox.isRebirthWanted = false
                    try await birth(client, inbox, bdSeq)
                    lastBirth = clock.monotonic()
                    shared.status.withLock { $0.rebirths += 1 }
                }
                isIdle = try await sendNext(client, inbox, bdSeq)
            }
            if isIdle { try wait(client) }
            try read(client)
            if clock.monotonic() >= nextKeepAlive {
                try client.keepAlive()
                nextKeepAlive = clock.monotonic() + .seconds(1)
            }
            try client.write()
        }
    }

    /// What was stored while nobody listened is no longer live.
    private func begin() async throws {
        let newest = try await source.newest()
        var pending = progress.pending ?? PendingRanges(live: newest)
        pending.begin(at: newest)
        try await save(pending)
        latest = [:]
        try await learnTags()
        for tag in edge.tags.keys { latest[tag] = try await source.latest(tag) }
        thinning.begin(with: latest)
    }

    private func learnTags() async throws {
        let tags = try await source.tags()
        edge.replace(tags: tags.published)
        known = tags.known
        thinning.rules = tags.thinning
    }

    private func birth(_ client: MosquittoClient, _ inbox: EdgeInbox, _ bdSeq: UInt8) async throws {
        try send(edge.births(bdSeq: bdSeq, latest: latest, at: clock.wall()), client)
        try await settle(client, inbox)
        shared.status.withLock { $0.births += 1 }
        logger.info("Sparkplug edge node is born", metadata: ["edge_node": "\(settings.node)", "bd_seq": "\(bdSeq)"])
    }

    /// Sends one page of what is new, or else one of what is late.
    ///
    /// - Returns: whether there was nothing to send.
    private func sendNext(_ client: MosquittoClient, _ inbox: EdgeInbox, _ bdSeq: UInt8) async throws -> Bool {
        guard var pending = progress.pending else { return true }
        let page = try await source.samples(after: pending.live, limit: Self.pageSize)
        if page.through > pending.live {
            // A tag that nobody has announced is announced first.
            if page.samples.contains(where: { !known.contains($0.tag) }) {
                let before = edge.tags
                try await learnTags()
                if edge.tags != before { try await birth(client, inbox, bdSeq) }
            }
            let revived = edge.revived(by: page.samples, latest: latest, at: clock.wall())
            var (wanted, old): ([Sample], [Sample]) = ([], [])
            for sample in page.samples where edge.tags[sample.tag] != nil {
                // Live values of a metric are in the order of their times; what a source sends late is history.
                if let before = latest[sample.tag], sample.time < before.time {
                    old.append(sample)
                } else {
                    latest[sample.tag] = sample
                    if thinning.passes(sample) { wanted.append(sample) }
                }
            }
            if !wanted.isEmpty || !old.isEmpty || !revived.isEmpty {
                try send(revived, client)
                try send(edge.data(wanted, isHistorical: false, at: clock.wall()), client)
                try send(edge.data(old, isHistorical: true, at: clock.wall()), client)
                try bury(after: page.samples, client)
                try await settle(client, inbox)
            }
            pending.sentLive(through: page.through)
            try await save(pending, isDurable: !wanted.isEmpty || !old.isEmpty)
            shared.status.withLock {
                $0.published += wanted.count
                $0.historical += old.count
            }
            return false
        }
        guard let oldest = pending.late.first else { return true }
        let late = try await source.samples(after: oldest.lowerBound - 1, limit: Self.pageSize)
        // At the end of the store nothing of the stretch can be left, whatever numbers retention has taken away.
        let through = late.isEnd ? oldest.upperBound : min(late.through, oldest.upperBound)
        let samples = late.lateSamples(oldest, edge.tags)
        if !samples.isEmpty {
            // Old values of a device that is dead now need one that is born.
            try send(edge.revived(by: samples, latest: latest, at: clock.wall()), client)
            try send(edge.data(samples, isHistorical: true, at: clock.wall()), client)
            try bury(after: samples, client)
            try await settle(client, inbox)
        }
        pending.sentLate(through: through)
        try await save(pending)
        shared.status.withLock { $0.historical += samples.count }
        return false
    }

    /// Says which devices have died with what was sent.
    private func bury(after samples: [Sample], _ client: MosquittoClient) throws {
        let deaths = edge.deaths(after: samples, latest: latest, at: clock.wall())
        try send(deaths, client)
        shared.status.withLock { $0.deviceDeaths += deaths.count }
    }

    private func save(_ pending: PendingRanges, isDurable: Bool = true) async throws {
        progress.pending = pending
        // Values that nobody publishes move the place in memory only: after a crash they are read again, and left out again.
        if isDurable { try await source.save(progress) }
        shared.status.withLock { $0.pending = Int(pending.count) }
    }

    // MARK: The wire

    private func send(_ messages: [SparkplugMessage], _ client: MosquittoClient) throws {
        for message in messages {
            _ = try client.publish(MQTTMessage(topic: message.topic, payload: message.payload, qos: 0))
        }
        try client.write()
    }

    private func subscribe(_ client: MosquittoClient, _ inbox: EdgeInbox, _ filter: String) async throws {
        let id = try client.subscribe(MQTTSubscription(filter: filter))
        try turn(client, inbox, what: "SUBACK") { inbox.answered.contains(id) }
        inbox.answered = []
        if let refusal = inbox.refusal { throw LinkFailure.refused("\(filter): \(refusal)") }
    }

    /// Returns when the broker has read everything that was sent.
    private func settle(_ client: MosquittoClient, _ inbox: EdgeInbox) async throws {
        try await subscribe(client, inbox, inbox.filters[0])
    }

    private func turn(
        _ client: MosquittoClient, _ inbox: EdgeInbox, what: String, until isDone: () -> Bool
    ) throws {
        let start = clock.monotonic()
        var nextKeepAlive = start + .seconds(1)
        while !isDone() {
            guard clock.monotonic() - start < Self.answerLimit else { throw LinkFailure.timedOut(what: what) }
            guard let descriptor = client.descriptor else { throw LinkFailure.closed }
            let isWriting = client.wantsToWrite || inbox.connectCode == nil
            let events = Int16(POLLIN) | (isWriting ? Int16(POLLOUT) : 0)
            let ready = Polling.wait(
                [(descriptor, events), (stop.descriptor, Int16(POLLIN))], timeout: .milliseconds(50))
            if ready[1] != 0 { throw CancellationError() }
            if ready[0] != 0 {
                try client.write()
                do {
                    while try client.read() == .more, !isDone() {}
                } catch {
                    // The library calls a refusal a broken connection; who called gives its reason.
                    if inbox.connectCode == nil || inbox.connectCode == 0 { throw error }
                }
            }
            if clock.monotonic() >= nextKeepAlive {
                try client.keepAlive()
                nextKeepAlive = clock.monotonic() + .seconds(1)
            }
        }
    }

    private func wait(_ client: MosquittoClient) throws {
        guard let descriptor = client.descriptor else { throw LinkFailure.closed }
        let events = Int16(POLLIN) | (client.wantsToWrite ? Int16(POLLOUT) : 0)
        _ = Polling.wait([(descriptor, events), (stop.descriptor, Int16(POLLIN))], timeout: Self.lookEvery)
    }

    private func read(_ client: MosquittoClient) throws {
        guard client.descriptor != nil else { throw LinkFailure.closed }
        while try client.read() == .more {}
    }

    private func enter(_ state: EdgeStatus.State) {
        shared.status.withLock { $0.state = state }
    }
}

extension EdgePage {
    /// Those of a page that lie in a stretch and are published; a page may reach beyond it.
    fileprivate func lateSamples(_ range: ClosedRange<Int64>, _ tags: [TagID: PublishedTag]) -> [Sample] {
        zip(numbers, samples).filter { range.contains($0.0) && tags[$0.1.tag] != nil }.map(\.1)
    }
}
