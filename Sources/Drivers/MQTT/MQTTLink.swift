import Glibc
import Logging
import Plant
import Threads

/// One connection to a broker, kept up: read a burst, store it, acknowledge it.
///
/// Runs on a thread of its own, which blocks in poll(2).
actor MQTTLink {
    /// A broker that has not answered by then is as good as absent.
    private static let connectLimit: Duration = .seconds(10)
    /// A connection that has lasted for this long was a good one: the next wait starts small again.
    private static let stableAfter: Duration = .seconds(5)
    /// A batch waits for further messages in naps of this length, until one brings none, and at most so long altogether: a
    /// commit for each single message would wear out a flash card. A broker whose window is full sends none, so it is not
    /// held up for more than one nap.
    private static let lingerNap: Duration = .milliseconds(2)
    private static let lingerLimit: Duration = .milliseconds(10)
    /// A sensor that sends nonsense goes on doing so: one line of log a minute says it, the counters say how often.
    private static let rejectionPause: Duration = .seconds(60)

    private let link: LinkDefinition
    /// Under which name the store keeps the receipts of this connection.
    private let receiptName: String
    private let connection: MQTTConnectionSettings
    private let reader: any MessageReader
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let inbox: MQTTInbox
    private let stop: WakeSignal
    private var backOff: BackOff
    /// Whether the broker's session has our subscriptions already; asking again would bring every retained message again.
    private var isSubscribed = false
    /// Whether the inbox knows everything that this link has stored.
    private var areReceiptsCurrent = false
    private var hasConnected = false
    /// When the session that we had at the broker was last in use.
    private var sessionUsed = SessionUse.never
    /// Whether that session is gone, and the store does not know it yet.
    private var isSessionLost = false
    private var rivalry: Rivalry
    private var lastFailure: String?
    private var lastRejectionLogged: MonotonicTime?

    private enum SessionUse {
        case never
        /// What this link has stored says so.
        case beforeThisRun
        case until(WallTime)

        var last: WallTime? { if case .until(let time) = self { time } else { nil } }
    }

    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        link: LinkDefinition, connection: MQTTConnectionSettings, reader: sending any MessageReader,
        receiptName: String, clock: any PlantClock, logger: Logger, monitor: LinkMonitor
    ) throws(LinkFailure) {
        do { executor = try ThreadExecutor() } catch { throw .system(call: "pthread_create", code: error.code) }
        stop = try WakeSignal()
        self.link = link
        self.receiptName = receiptName
        self.connection = connection
        self.reader = reader
        self.clock = clock
        self.logger = logger
        self.monitor = monitor
        inbox = MQTTInbox(link: link.name, reader: reader, clock: clock)
        backOff = BackOff(seed: UInt64.random(in: .min ... .max))
        rivalry = Rivalry(clientID: connection.clientID)
    }

    func run(into sink: any SampleSink) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled { await connectOnce(sink) }
            monitor.enter(.stopped)
        } onCancel: {
            stop.raise()
        }
    }

    /// One connection from its first attempt to its end, and the wait after it.
    private func connectOnce(_ sink: any SampleSink) async {
        monitor.enter(.connecting)
        let start = clock.monotonic()
        do {
            try await reader.prepare()
            // Up to 65,535 of them: not again for each attempt while the broker is absent.
            let areCurrent = areReceiptsCurrent && inbox.isAwaitingDuplicates
            let receipts = areCurrent ? nil : try await sink.storedReceipts(link: receiptName)
            if case .never = sessionUsed, receipts?.isEmpty == false { sessionUsed = .beforeThisRun }
            inbox.startConnection(receipts: receipts)
            areReceiptsCurrent = true
            var connection = connection
            connection.will = reader.will() ?? connection.will
            let client = try MosquittoClient(connection, isSessionClean: reader.isSessionClean, handler: inbox)
            defer { reader.disconnected() }
            try await serve(client, sink)
        } catch {
            if Task.isCancelled { return }
            rivalry.note(
                error, isAccepted: inbox.connectCode == 0, goodbye: inbox.goodbye, after: clock.monotonic() - start)
            let reason =
                rivalry.text ?? inbox.goodbye.flatMap(MQTTReason.refusal).map { "\(LinkFailure.refused($0))" }
                ?? "\(error)"
            lastFailure = reason
            monitor.record(error: reason)
            logger.warning("MQTT link broke", metadata: ["link": "\(link.name)", "error": "\(reason)"])
        }
        publishCounters()
        if Task.isCancelled { return }
        let stableAfter = rivalry.isLikely ? Rivalry.stableAfter : Self.stableAfter
        if clock.monotonic() - start >= stableAfter { backOff.reset() }
        let wait = backOff.wait()
        monitor.enter(.waiting(until: clock.monotonic() + wait))
        stop.wait(timeout: wait)
    }

    private func serve(_ client: MosquittoClient, _ sink: any SampleSink) async throws {
        try openConnection(client)
        let start = clock.monotonic()
        var nextKeepAlive = start + .seconds(1)
        var asked: [Int32: String] = [:]
        if case .never = sessionUsed {} else if !inbox.isSessionPresent { isSessionLost = isSessionKept }
        if !(isSubscribed && inbox.isSessionPresent) {
            isSubscribed = false
            for wanted in reader.subscriptions { asked[try client.subscribe(wanted)] = wanted.filter }
        }
        try client.write()
        var isConnected = false
        defer { if isConnected, isSessionKept { sessionUsed = .until(clock.wall()) } }
        while !Task.isCancelled {
            let now = clock.monotonic()
            if !isConnected, inbox.subscriptionsAnswered >= asked.count {
                try await enterConnected(asked, sink)
                try answer(client)
                isConnected = true
            } else if !isConnected, now - start > Self.connectLimit {
                throw LinkFailure.timedOut(what: "SUBACK")
            }
            guard let descriptor = client.descriptor else { throw LinkFailure.closed }
            // Everything read so far is stored, so everything that waits may be written.
            let events = Int16(POLLIN) | (client.wantsToWrite ? Int16(POLLOUT) : 0)
            let ready = Polling.wait([(descriptor, events), (stop.descriptor, Int16(POLLIN))], timeout: .seconds(1))
            if ready[1] != 0 { break }
            if ready[0] & Int16(POLLOUT) != 0 { try client.write() }
            if ready[0] & ~Int16(POLLOUT) != 0 { try await readAndStore(client, sink) }
            if clock.monotonic() >= nextKeepAlive {
                try client.keepAlive()
                inbox.passTime()
                try await store(sink)
                try answer(client)
                nextKeepAlive = clock.monotonic() + .seconds(1)
            }
            try client.write()
        }
        for message in reader.farewell() { _ = try client.publish(message) }
        client.disconnect()
    }

    /// Waits for CONNACK.
    private func openConnection(_ client: MosquittoClient) throws {
        client.isLogWanted = true
        try client.connect()
        let start = clock.monotonic()
        var isFirst = true
        while inbox.connectCode == nil {
            guard clock.monotonic() - start < Self.connectLimit else { throw LinkFailure.timedOut(what: "CONNACK") }
            guard let descriptor = client.descriptor else { throw LinkFailure.closed }
            // Writable once means connected; later only the steps of a TLS handshake may wait for it.
            let events = Int16(POLLIN) | (isFirst || client.wantsToWrite ? Int16(POLLOUT) : 0)
            let ready = Polling.wait(
                [(descriptor, events), (stop.descriptor, Int16(POLLIN))], timeout: .milliseconds(50))
            if ready[1] != 0 { throw CancellationError() }
            guard !isFirst || ready[0] != 0 else { continue }
            isFirst = false
            try client.write()
            do {
                _ = try client.read()
            } catch {
                // The library calls a refusal a broken connection; below it gets its reason.
                if inbox.connectCode == nil { throw error }
            }
        }
        if let code = inbox.connectCode, code != 0 {
            throw LinkFailure.refused(MQTTReason.connect(code, connection.version))
        }
    }

    private func enterConnected(_ asked: [Int32: String], _ sink: any SampleSink) async throws {
        if isSessionLost { try await recordLostSession(sink) }
        let refused = inbox.subscriptionsRefused
        if let first = refused.first {
            let more = refused.count > 1 ? ", and \(refused.count - 1) more" : ""
            monitor.record(
                error: "the broker refuses the subscription \"\(asked[first.id] ?? "")\": \(first.reason)\(more)")
        }
        // Those that were refused are asked for again at the next connection.
        isSubscribed = refused.isEmpty
        reader.connected(isSessionPresent: inbox.isSessionPresent)
        monitor.enter(.connected)
        if hasConnected { monitor.count { $0.reconnects += 1 } }
        hasConnected = true
        logger.info("MQTT link is connected", metadata: ["link": "\(link.name)"])
    }

    /// Whether the broker keeps something for us while we are away.
    private var isSessionKept: Bool { !reader.isSessionClean && reader.subscriptions.contains { $0.qos > 0 } }

    /// The broker knows nothing of the session that we had: what was sent meanwhile is gone, and nobody knows how much that is.
    private func recordLostSession(_ sink: any SampleSink) async throws {
        try await sink.recordLoss(link: link.name, since: sessionUsed.last)
        isSessionLost = false
        let cause = connection.version == .v5 ? "we were away for longer than session_expiry, or it" : "it"
        let reason =
            "the broker has forgotten our session: \(cause) does not keep sessions; what was published meanwhile is lost"
            + (lastFailure.map { " (the connection before: \($0))" } ?? "")
        monitor.record(error: reason)
        monitor.count { $0.sessionsLost += 1 }
        logger.error("MQTT session is lost", metadata: ["link": "\(link.name)", "error": "\(reason)"])
    }

    /// Reads what there is, stores it, and only then lets the acknowledgements go.
    private func readAndStore(_ client: MosquittoClient, _ sink: any SampleSink) async throws {
        var failure: LinkFailure?
        do {
            try readBurst(client)
        } catch {
            // What came before the connection broke is stored all the same; the broker may send it again.
            failure = error
        }
        if client.isLogWanted, !inbox.isAwaitingDuplicates { client.isLogWanted = false }
        while try await !inbox.resumeDeferred() { try await store(sink) }
        try await store(sink)
        if reader.isFull {
            // Also when it fails: it may have stored and not been able to say so.
            areReceiptsCurrent = false
            try await reader.settle()
        }
        try answer(client)
        if let failure { throw failure }
    }

    private func store(_ sink: any SampleSink) async throws {
        publishCounters()
        if !inbox.batch.samples.isEmpty {
            let count = inbox.batch.samples.count
            // Also when it fails: it may have stored and not been able to say so.
            areReceiptsCurrent = false
            do {
                try await sink.store(inbox.batch)
            } catch {
                monitor.count { $0.refusals += 1 }
                throw LinkFailure.notStored("\(error)")
            }
            monitor.count { $0.stored += count }
        }
        inbox.clearBatch()
    }

    private func answer(_ client: MosquittoClient) throws(LinkFailure) {
        for message in reader.takeAnswers() { _ = try client.publish(message) }
    }

    private func readBurst(_ client: MosquittoClient) throws(LinkFailure) {
        let start = clock.monotonic()
        inbox.startBurst()
        var messagesAtNap = 0
        while !inbox.isFull, !reader.isFull {
            let before = inbox.messages
            let progress = try client.read()
            // A message that came is progress, whatever a callback left behind in errno.
            if progress == .more || inbox.messages > before { continue }
            guard inbox.messages > messagesAtNap, clock.monotonic() - start < Self.lingerLimit else { return }
            messagesAtNap = inbox.messages
            // Asleep, not in wait for the socket: at 1,000 messages a second each would wake the thread.
            if Polling.wait([(stop.descriptor, Int16(POLLIN))], timeout: Self.lingerNap)[0] != 0 { return }
        }
    }

    private func publishCounters() {
        let new = inbox.takeCounters()
        monitor.count { $0.add(new) }
        let rejected = inbox.takeRejected()
        guard let newest = rejected.last else { return }
        monitor.update { $0.rejected = ($0.rejected + rejected).suffix(RejectedPayload.kept) }
        warn(newest)
    }

    /// What was in it shows in the status only: values do not go to the log.
    private func warn(_ rejected: RejectedPayload) {
        let now = clock.monotonic()
        if let lastRejectionLogged, now - lastRejectionLogged < Self.rejectionPause { return }
        lastRejectionLogged = now
        logger.warning(
            "payload cannot be used",
            metadata: [
                "link": "\(link.name)", "topic": "\(rejected.topic)", "cause": "\(rejected.cause)",
                "tag": "\(rejected.tag ?? "all")", "byte": "\(rejected.place.map(String.init) ?? "none")",
                "bytes": "\(rejected.bytes)",
            ])
    }
}
