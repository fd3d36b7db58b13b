import Logging
import Plant
import Threads

/// One device, scanned by one thread of its own: connect, ask block after block, hand the values on.
///
/// The thread never waits for the store: a slow disk does not disturb the scan.
actor ModbusLink {
    /// Scans that wait for the store at most; the oldest is given up, and counted.
    private static let maxWaitingScans = 256

    private let link: LinkDefinition
    private let settings: ModbusSettings
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let stop: WakeSignal
    private var backOff: BackOff
    private var blocks: [BlockReader] = []
    private var goodReplies = 0
    private var hasConnected = false
    /// Where each round starts: behind the block that broke the last connection, else it would starve the others.
    private var firstBlock = 0
    /// Whether every tag has been marked bad since the last connection.
    private var isMarkedDown = false

    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        link: LinkDefinition, settings: ModbusSettings, tags: any TagLookup, clock: any PlantClock, logger: Logger,
        monitor: LinkMonitor
    ) throws(LinkFailure) {
        do { executor = try ThreadExecutor() } catch { throw .system(call: "pthread_create", code: error.code) }
        stop = try WakeSignal()
        self.link = link
        self.settings = settings
        self.tags = tags
        self.clock = clock
        self.logger = logger
        self.monitor = monitor
        backOff = BackOff(first: .milliseconds(100), seed: UInt64.random(in: .min ... .max))
    }

    func run(into sink: any SampleSink) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled, !(await declareTags()) { pause() }
            let (scans, output) = AsyncStream<SampleBatch>.makeStream(
                bufferingPolicy: .bufferingNewest(Self.maxWaitingScans))
            async let storing: Void = Self.store(scans, into: sink, monitor: monitor)
            while !Task.isCancelled { connectOnce(output) }
            output.finish()
            await storing
            monitor.enter(.stopped)
        } onCancel: {
            stop.raise()
        }
    }

    /// Hands scans to the store, one after another, on no thread of the scan.
    @concurrent
    private static func store(
        _ scans: AsyncStream<SampleBatch>, into sink: any SampleSink, monitor: LinkMonitor
    ) async {
        for await scan in scans {
            while true {
                do {
                    try await sink.store(scan)
                    monitor.count { $0.stored += scan.samples.count }
                    break
                } catch {
                    monitor.count { $0.refusals += 1 }
                    monitor.record(error: "\(LinkFailure.notStored("\(error)"))")
                    // Cancelled: the scan is lost with the process, as a later one would be.
                    guard (try? await Task.sleep(for: .milliseconds(500))) != nil else {
                        monitor.count { $0.dropped += scan.samples.count }
                        break
                    }
                }
            }
        }
    }

    private func declareTags() async -> Bool {
        monitor.enter(.connecting)
        do {
            var readers: [BlockReader] = []
            for block in settings.blocks {
                var ids: [TagID] = []
                for value in block.values { ids.append(try await tags.id(for: value.tag)) }
                readers.append(BlockReader(block: block, tags: ids, start: clock.monotonic()))
            }
            blocks = readers
            return true
        } catch {
            monitor.record(error: "\(error)")
            return false
        }
    }

    /// One connection from its first attempt to its end, and the wait after it.
    private func connectOnce(_ output: AsyncStream<SampleBatch>.Continuation) {
        monitor.enter(.connecting)
        do throws(LinkFailure) {
            try scan(output)
        } catch .stopped {
            return
        } catch {
            monitor.record(error: "\(error)")
            logger.warning("Modbus link broke", metadata: ["link": "\(link.name)", "error": "\(error)"])
        }
        pause()
    }

    private func pause() {
        if Task.isCancelled { return }
        let wait = backOff.wait()
        monitor.enter(.waiting(until: clock.monotonic() + wait))
        stop.wait(timeout: wait)
    }

    /// Connects and scans until something breaks or the link is stopped.
    private func scan(_ output: AsyncStream<SampleBatch>.Continuation) throws(LinkFailure) {
        var connection = try connect(output)
        let start = clock.monotonic()
        for index in blocks.indices { blocks[index].restart(at: start) }
        while true {
            let next = blocks.map(\.schedule.due).min() ?? clock.monotonic()
            let wait = next - clock.monotonic()
            stop.wait(timeout: max(wait, .zero))
            if Task.isCancelled { throw .stopped }
            let now = clock.monotonic()
            for offset in blocks.indices {
                let index = (firstBlock + offset) % blocks.count
                guard blocks[index].schedule.isDue(now) else { continue }
                connection = try usable(connection, output)
                try scan(block: index, connection, output)
                let missed = blocks[index].schedule.advance(clock.monotonic())
                if missed > 0 { monitor.count { $0.lateScans += missed } }
            }
        }
    }

    private func connect(_ output: AsyncStream<SampleBatch>.Continuation) throws(LinkFailure) -> ModbusConnection {
        do {
            let connection = try ModbusConnection(
                host: settings.host, port: settings.port, timeout: settings.timeout, stop: stop)
            monitor.enter(.connected)
            if hasConnected { monitor.count { $0.reconnects += 1 } }
            hasConnected = true
            isMarkedDown = false
            logger.info("Modbus link is connected", metadata: ["link": "\(link.name)"])
            return connection
        } catch {
            markDown(output)
            throw error
        }
    }

    /// The connection, or a new one where the device has closed it while nothing was asked: many do after some idle time.
    private func usable(
        _ connection: ModbusConnection, _ output: AsyncStream<SampleBatch>.Continuation
    ) throws(LinkFailure) -> ModbusConnection {
        do {
            try connection.checkQuiet()
            return connection
        } catch .closed where goodReplies > 0 {
            return try connect(output)
        }
    }

    /// Asks for one block, in as many requests as it is cut into.
    private func scan(
        block index: Int, _ connection: ModbusConnection, _ output: AsyncStream<SampleBatch>.Continuation
    ) throws(LinkFailure) {
        var batch = SampleBatch(link: link.name)
        defer { offer(batch, output) }
        var at = 0
        while at < blocks[index].parts.count {
            let part = blocks[index].parts[at]
            if let notBefore = part.notBefore, clock.monotonic() < notBefore {
                at += 1
                continue
            }
            if Task.isCancelled { throw .stopped }
            let reply: ModbusFrame.Reply
            do {
                reply = try connection.ask(
                    unit: settings.unit, function: blocks[index].block.table.function, start: part.start,
                    count: part.count, timeout: settings.timeout)
            } catch {
                if error == .stopped { throw error }
                firstBlock = index + 1
                blocks[index].fail(at, now: clock.monotonic(), goodReplies: goodReplies)
                append(part, of: index, bad: error.cause, to: &batch)
                monitor.count { $0.malformed[error.counter, default: 0] += 1 }
                throw error
            }
            monitor.count { $0.received += 1 }
            switch reply {
            case .data(let data):
                goodReplies += 1
                backOff.reset()
                blocks[index].succeed(at)
                append(part, of: index, data, to: &batch)
            case .exception(let code):
                monitor.count { $0.exceptions[code, default: 0] += 1 }
                monitor.record(
                    error:
                        "exception \(code) for \(blocks[index].block.table.rawValue) \(part.start), count \(part.count)"
                )
                // An exception is an answer: the device lives.
                backOff.reset()
                // 2: an address that the device does not have. 3: more of them than it gives at once.
                if code == 2 || code == 3, blocks[index].split(at) { continue }
                append(part, of: index, bad: .modbusException(code), to: &batch)
                blocks[index].fail(at, now: clock.monotonic(), goodReplies: goodReplies)
            }
            at += 1
        }
    }

    private func append(_ part: BlockReader.Part, of block: Int, _ data: ArraySlice<UInt8>, to batch: inout SampleBatch)
    {
        let (arrival, monotonic) = (clock.wall(), clock.monotonic())
        for (tag, value, quality) in blocks[block].decode(part, data) {
            if case .bad(let cause) = quality { monitor.count { $0.malformed["\(cause)", default: 0] += 1 } }
            batch.samples.append(
                Sample(tag: tag, value: value, quality: quality, arrival: arrival, monotonic: monotonic))
        }
    }

    private func append(_ part: BlockReader.Part, of block: Int, bad cause: Quality.Cause, to batch: inout SampleBatch)
    {
        append(part.values.map { blocks[block].tags[$0] }, bad: cause, to: &batch)
    }

    private func append(_ tags: [TagID], bad cause: Quality.Cause, to batch: inout SampleBatch) {
        let (arrival, monotonic) = (clock.wall(), clock.monotonic())
        for tag in tags {
            batch.samples.append(
                Sample(tag: tag, value: .none, quality: .bad(cause), arrival: arrival, monotonic: monotonic))
        }
    }

    /// Once an outage: the last value of each tag must not stand as if it were still measured.
    private func markDown(_ output: AsyncStream<SampleBatch>.Continuation) {
        guard !isMarkedDown else { return }
        isMarkedDown = true
        var batch = SampleBatch(link: link.name)
        for block in blocks { append(block.tags, bad: .notConnected, to: &batch) }
        offer(batch, output)
    }

    private func offer(_ batch: SampleBatch, _ output: AsyncStream<SampleBatch>.Continuation) {
        guard !batch.samples.isEmpty else { return }
        if case .dropped(let lost) = output.yield(batch) { monitor.count { $0.dropped += lost.samples.count } }
    }
}

extension LinkFailure {
    /// What a tag is marked with.
    fileprivate var cause: Quality.Cause {
        switch self {
        case .timedOut: .timedOut
        case .wrongReply: .malformed
        default: .notConnected
        }
    }

    /// Under which name it is counted.
    fileprivate var counter: String {
        switch self {
        case .timedOut: "timed_out"
        case .wrongReply: "wrong_reply"
        default: "closed"
        }
    }
}
