import Glibc
import Logging
import Plant
import Threads

/// A door for pictures: takes requests on a thread of its own, has each picture judged, and answers when its verdict is durable.
actor HTTPLink {
    private static let stableAfter: Duration = .seconds(5)
    /// For answers that are ready when the box stops; a sender that reads slower than this has its verdict in the store.
    private static let farewell: Duration = .seconds(2)
    /// Between two looks for senders that are too slow.
    private static let look: Duration = .milliseconds(500)

    private let link: LinkDefinition
    private let settings: HTTPSettings
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let stop: WakeSignal
    private let answers: HTTPAnswers
    private var backOff: BackOff
    private var hasListened = false

    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        link: LinkDefinition, settings: HTTPSettings, clock: any PlantClock, logger: Logger, monitor: LinkMonitor
    ) throws(LinkFailure) {
        do { executor = try ThreadExecutor() } catch { throw .system(call: "pthread_create", code: error.code) }
        stop = try WakeSignal()
        answers = try HTTPAnswers()
        self.link = link
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.monitor = monitor
        backOff = BackOff(seed: UInt64.random(in: .min ... .max))
    }

    func run(_ desk: PictureDesk, _ repeats: HTTPRepeats) async {
        // As many as there are connections wait at most: each waits for its answer.
        let (pictures, arrived) = AsyncStream<HTTPPicture>.makeStream(
            bufferingPolicy: .bufferingOldest(Int(HTTPServer.maxConnections)))
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask {
                    await self.judge(pictures, desk, repeats)
                    self.answers.complete()
                }
                self.listen(arrived)
                arrived.finish()
                group.cancelAll()
            }
            monitor.enter(.stopped)
        } onCancel: {
            stop.raise()
        }
    }

    private func listen(_ arrived: AsyncStream<HTTPPicture>.Continuation) {
        while !Task.isCancelled {
            monitor.enter(.connecting)
            let start = clock.monotonic()
            do throws(LinkFailure) {
                let server = try HTTPServer(settings)
                monitor.enter(.connected)
                if hasListened { monitor.count { $0.reconnects += 1 } }
                hasListened = true
                logger.info(
                    "listening for pictures",
                    metadata: [
                        "link": "\(link.name)", "address": "\(settings.address.text)",
                        "port": "\(settings.address.port)",
                    ])
                serve(server, arrived)
                // Only a cancelled task ends it.
            } catch {
                monitor.record(error: "\(error)")
                logger.warning("not listening", metadata: ["link": "\(link.name)", "error": "\(error)"])
                if clock.monotonic() - start >= Self.stableAfter { backOff.reset() }
                let wait = backOff.wait()
                monitor.enter(.waiting(until: clock.monotonic() + wait))
                stop.wait(timeout: wait)
            }
        }
    }

    /// Until the task is cancelled, and who has brought a picture that is being judged has its verdict.
    private func serve(_ server: HTTPServer, _ arrived: AsyncStream<HTTPPicture>.Continuation) {
        var nextLook = clock.monotonic() + Self.look
        var end: MonotonicTime?
        while true {
            server.isStopping = Task.isCancelled
            let timeout = server.timeout.map { min($0, Self.look) } ?? Self.look
            // The signal to stop stays raised.
            let signals = [answers.signal.descriptor] + (server.isStopping ? [] : [stop.descriptor])
            _ = Polling.wait(([server.descriptor] + signals).map { ($0, Int16(POLLIN)) }, timeout: timeout)
            let (new, isComplete) = answers.take()
            for (request, answer) in new { server.resume(request, answer) }
            let now = clock.monotonic()
            for picture in server.run(now: now) {
                monitor.count { $0.received += 1 }
                arrived.yield(picture)
            }
            if now >= nextLook {
                server.closeSlow(limit: settings.receiveWithin)
                nextLook = now + Self.look
            }
            publish(server)
            guard server.isStopping, isComplete else { continue }
            if !server.hasAnswersToSend || now >= end ?? now + Self.farewell { break }
            end = end ?? now + Self.farewell
        }
    }

    private func publish(_ server: HTTPServer) {
        let (counts, newest) = server.takeRefusals()
        let rejected = newest.map {
            RejectedPayload(at: clock.wall(), picture: $0.path, cause: $0.code, bytes: $0.bytes)
        }
        monitor.update { status in
            status.figures = server.figures
            status.counters.malformed.merge(counts, uniquingKeysWith: +)
            if let rejected { status.rejected = (status.rejected + [rejected]).suffix(RejectedPayload.kept) }
        }
    }

    /// Each picture has a task of its own, so that one stream does not wait for another's; who judges takes one of a stream at a time.
    private nonisolated func judge(
        _ pictures: AsyncStream<HTTPPicture>, _ desk: PictureDesk, _ repeats: HTTPRepeats
    ) async {
        await withDiscardingTaskGroup { group in
            for await picture in pictures {
                group.addTask { await self.answer(picture, desk, repeats) }
            }
            group.cancelAll()
        }
    }

    private nonisolated func answer(_ picture: HTTPPicture, _ desk: PictureDesk, _ repeats: HTTPRepeats) async {
        if let trouble = desk.trouble(picture.stream) {
            monitor.record(error: "\(trouble)")
            return answers.give(.refusal(503, "no_station", "\(trouble)", isForNow: true), to: picture.request)
        }
        guard let key = picture.key else {
            return answers.give(await verdict(picture, nil, desk).answer, to: picture.request)
        }
        let receipt = MessageReceipt(ofPicture: "\(picture.stream)\u{0}\(key)")
        do {
            switch try await repeats.begin(receipt, body: picture.digest) {
            case .answered(let answer):
                monitor.count { $0.duplicates += 1 }
                answers.give(answer, to: picture.request)
            case .new:
                let (answer, isStored) = await verdict(picture, receipt, desk)
                await repeats.end(receipt, isStored ? answer : nil)
                answers.give(answer, to: picture.request)
            }
        } catch {
            monitor.record(error: "\(error)")
            answers.give(.notStored, to: picture.request)
        }
    }

    /// - Returns: what its sender is told, and whether that is a stored verdict, as far as is known.
    private nonisolated func verdict(
        _ picture: HTTPPicture, _ receipt: MessageReceipt?, _ desk: PictureDesk
    ) async -> (answer: HTTPAnswer, isStored: Bool) {
        let taken = FieldPicture(
            link: link.name, stream: picture.stream, bytes: picture.bytes, encoding: picture.encoding,
            name: "http-\(picture.request)", part: picture.part, arrival: clock.wall(), monotonic: clock.monotonic(),
            receipt: receipt)
        do throws(LinkFailure) {
            return (.verdict(try await desk.judge(taken).json), true)
        } catch .stopped {
            return (.stopping, false)
        } catch {
            monitor.record(error: "\(error)")
            return (.notStored, false)
        }
    }
}
