import Logging
import Plant

/// One slave as the poller sees it: its blocks, how it answers, and what it has said that is not handed on yet.
///
/// Belongs to the thread of the poller.
final class PolledSlave {
    let id: Int
    let link: LinkDefinition
    let settings: ModbusSettings
    let monitor: LinkMonitor
    let mailbox: SampleMailbox
    var blocks: [BlockReader]
    /// Writes that wait, oldest first.
    var jobs: [ModbusWriteJob] = []

    private(set) var goodReplies = 0
    /// Requests without a reply in a row.
    private(set) var silences = 0
    /// Not asked before: it has been silent, or a late reply must not be taken for another.
    private(set) var notBefore: MonotonicTime?
    /// Not asked before, for its budget.
    private(set) var budgetBefore: MonotonicTime?
    /// Line time used by each priority, as weighed: who has had least is next.
    var served = [Double](repeating: 0, count: ModbusPriority.allCases.count)

    private let clock: any PlantClock
    private let logger: Logger
    private var backOff: BackOff
    private var probeTurn = 0
    /// Whether every tag has been marked bad since the last good reply.
    private var isMarkedDown = false
    private var hasConnected = false
    private var collected: [Sample] = []
    private var counted = LinkCounters()
    private var statistics = PollStatistics()

    /// Values collected before they are handed on, however short the time.
    static let maxCollected = 2_048

    init(_ setup: ModbusPoller.Setup) {
        id = setup.id
        link = setup.link
        settings = setup.settings
        monitor = setup.monitor
        mailbox = setup.mailbox
        clock = setup.clock
        logger = setup.logger
        backOff = BackOff(first: .milliseconds(100), seed: UInt64(truncatingIfNeeded: setup.id))
        let now = PollClock.now()
        blocks = zip(setup.settings.blocks, setup.tags).map { BlockReader(block: $0, tags: $1, start: now) }
    }

    /// Silent for so long that it is asked less and less often: a lost frame or two is no outage.
    var isSilent: Bool { silences >= 2 + settings.retries }

    /// Whether the next request is to be for one value alone: the slave may refuse to answer for some addresses only.
    var wantsProbe: Bool { isSilent && silences % 2 == 0 }

    func nextProbe() -> (block: Int, part: BlockReader.Part)? {
        probeTurn += 1
        let block = probeTurn % blocks.count
        return blocks[block].probe(probeTurn / blocks.count).map { (block, $0) }
    }

    func isAllowed(_ now: MonotonicTime) -> Bool { (allowedFrom ?? now) <= now }

    var allowedFrom: MonotonicTime? {
        guard let notBefore, let budgetBefore else { return notBefore ?? budgetBefore }
        return max(notBefore, budgetBefore)
    }

    func countRequest(_ now: MonotonicTime, due: MonotonicTime?) {
        if let spacing = settings.requestSpacing { budgetBefore = max(budgetBefore ?? now, now) + spacing }
        if let due { statistics.recordStart(late: now - due) }
    }

    // MARK: States

    func connecting() { monitor.enter(.connecting) }

    func connected(_ now: MonotonicTime) {
        monitor.enter(.connected)
        if hasConnected { counted.reconnects += 1 }
        hasConnected = true
        logger.info("Modbus link is connected", metadata: ["link": "\(link.name)"])
        // What became due while nobody was there is not made up for.
        for index in blocks.indices where blocks[index].schedule.due < now {
            blocks[index].schedule = ScanSchedule(interval: blocks[index].block.scanInterval, start: now)
        }
    }

    func waiting(until time: MonotonicTime, _ now: MonotonicTime) {
        monitor.enter(.waiting(until: clock.monotonic() + (time - now)))
    }

    func broke(_ failure: LinkFailure) {
        monitor.record(error: "\(failure)")
        logger.warning("Modbus link broke", metadata: ["link": "\(link.name)", "error": "\(failure)"])
    }

    // MARK: Results

    func answered(after span: Duration, isAlive: Bool = true) {
        counted.received += 1
        statistics.recordReply(after: span)
        guard isAlive else { return }
        if isSilent { monitor.enter(.connected) }
        silences = 0
        notBefore = nil
        isMarkedDown = false
        backOff.reset()
    }

    func took(_ part: BlockReader.Part, of block: Int, _ data: ArraySlice<UInt8>) {
        goodReplies += 1
        let (arrival, monotonic, confidence) = (clock.wall(), clock.monotonic(), clock.confidence())
        blocks[block].decode(part, data) { tag, value, quality in
            if case .bad(let cause) = quality { counted.malformed["\(cause)", default: 0] += 1 }
            collected.append(
                Sample(
                    tag: tag, value: value, quality: quality, arrival: arrival, monotonic: monotonic, clock: confidence)
            )
        }
    }

    func count(exception code: UInt8, for part: BlockReader.Part, of block: Int) {
        counted.exceptions[code, default: 0] += 1
        monitor.record(
            error: "exception \(code) for \(blocks[block].block.table.rawValue) \(part.start), count \(part.count)")
    }

    func count(_ failure: LinkFailure) { counted.malformed[failure.counter, default: 0] += 1 }
    func countLateReply() { counted.malformed["late_reply", default: 0] += 1 }
    func countMissed(_ scans: Int) { counted.lateScans += scans }

    /// A request got no reply in time.
    ///
    /// - Parameter late: how long after it a reply must still be expected, and not be mistaken for another; zero where it
    ///   has a number.
    func wasSilent(_ now: MonotonicTime, late: Duration) {
        silences += 1
        guard isSilent else {
            if late > .zero { notBefore = now + late }
            return
        }
        let until = now + max(backOff.wait(), late)
        notBefore = until
        waiting(until: until, now)
    }

    func mark(_ part: BlockReader.Part, of block: Int, bad cause: Quality.Cause) {
        mark(part.values.map { blocks[block].tags[$0] }, bad: cause)
    }

    /// Once an outage: the last value of each tag must not stand as if it were still measured.
    ///
    /// - Parameter marked: what has been marked already.
    func markDown(_ cause: Quality.Cause, besides marked: (block: Int, part: BlockReader.Part)? = nil) {
        guard !isMarkedDown else { return }
        isMarkedDown = true
        for (index, block) in blocks.enumerated() {
            let done = marked?.block == index ? Set(marked?.part.values ?? []) : []
            mark(block.tags.indices.filter { !done.contains($0) }.map { block.tags[$0] }, bad: cause)
        }
    }

    private func mark(_ tags: [TagID], bad cause: Quality.Cause) {
        let (arrival, monotonic, confidence) = (clock.wall(), clock.monotonic(), clock.confidence())
        for tag in tags {
            collected.append(
                Sample(
                    tag: tag, value: .none, quality: .bad(cause), arrival: arrival, monotonic: monotonic,
                    clock: confidence))
        }
    }

    // MARK: Handing on

    var hasCollected: Bool { !collected.isEmpty }
    var isFull: Bool { collected.count >= Self.maxCollected }

    func flush(_ now: MonotonicTime) {
        if !collected.isEmpty {
            counted.dropped += mailbox.put(collected)
            collected = []
        }
        let counted = counted
        self.counted = LinkCounters()
        let figures = statistics.figures(now)
        let failing = figures == nil ? nil : failingAddresses
        monitor.update { status in
            status.counters.add(counted)
            if let figures { status.figures = figures }
            if let failing { status.failing = failing }
        }
    }

    private var failingAddresses: [String] {
        blocks.flatMap { block in
            block.failing.map { range in
                "\(block.block.table.rawValue) \(range.lowerBound)"
                    + (range.count > 1 ? "...\(range.upperBound - 1)" : "")
            }
        }
    }
}

extension LinkFailure {
    /// What a tag is marked with.
    var cause: Quality.Cause {
        switch self {
        case .timedOut: .timedOut
        case .wrongReply: .malformed
        default: .notConnected
        }
    }

    /// Under which name it is counted.
    var counter: String {
        switch self {
        case .timedOut: "timed_out"
        case .wrongReply: "wrong_reply"
        default: "closed"
        }
    }
}

extension PolledSlave {
    /// Writes that wait at most; more at once is no plant's wish.
    static let maxJobs = 16

    func write(
        _ tag: String, _ number: Double, until deadline: MonotonicTime, done: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        guard jobs.count < Self.maxJobs else { return done(.refused(reason: "\(jobs.count) writes wait already")) }
        for block in settings.blocks {
            guard let value = block.values.first(where: { $0.tag.name == tag }) else { continue }
            guard
                let job = ModbusWriteJob(
                    table: block.table, value: value, number: number, style: settings.writeStyle, deadline: deadline,
                    done: done)
            else { return done(.refused(reason: "\(number) may not be written to it")) }
            return jobs.append(job)
        }
        done(.refused(reason: "the link has no such tag"))
    }

    /// A write whose time is over is not begun any more.
    func expireJobs(_ now: MonotonicTime) {
        for job in jobs where !job.hasBegun && job.deadline <= now { job.done(.refused(reason: "its time was over")) }
        jobs.removeAll { !$0.hasBegun && $0.deadline <= now }
    }
}
