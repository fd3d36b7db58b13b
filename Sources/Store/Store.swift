package import Logging
package import Plant
internal import SQLite
import Threads

/// The box's memory: samples, alerts, outbox and models in one SQLite file, on a thread of its own.
///
/// What a call has returned from is durable: write-ahead log, full sync. Callers that store at the same time share one
/// transaction (group commit): what has queued while one commit ran is the next one.
///
/// - Only one store may be open on a directory; commands look and acknowledge beside it through ``StoreReader``.
/// - When the disk is full, the reserve is given back and the oldest samples give way to new ones; where there are none
///   telemetry is refused with `.full`. Everything else goes on.
/// - After a failed sync the file is closed, opened anew and read again before anything else is written.
/// - ``keepLossContract()`` must run where ``accept(_:)`` is called: it commits what that has taken.
/// - ``maintain()`` must be called now and then, about once a second: it keeps the bounds.
package actor Store: SampleSink {
    nonisolated let executor = ThreadExecutor.required()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let directory: String
    package nonisolated let models: ModelFiles
    let limits: Limits
    nonisolated let contract: LossContract
    /// Called after each commit with samples in it.
    let committedSamples: @Sendable ([SampleBatch]) -> Void
    let clock: any PlantClock
    let logger: Logger
    /// Names this run of the machine, as every store opened in it has it.
    package static var bootOfThisMachine: String { Files.bootID() }
    /// Names the run of the machine in which it was opened.
    package nonisolated let bootID: String
    let reserve: ReserveFile
    let checkpointer: Checkpointer
    private var lock: StoreLock?

    /// nil while the file could not be opened again after an error, and after ``close()``.
    var database: Database? { didSet { publishTags() } }
    var isClosed = false
    /// Closing: what cannot be committed now is not kept.
    var isClosing = false
    /// What is brought to be committed.
    nonisolated let line = CommitLine()
    /// What was taken out of the line and is not committed yet, oldest first.
    var waiting: [Request] = []
    var isFlushScheduled = false
    var loss = LossMeter()
    /// Pages that the log held when a checkpoint was last asked for.
    var checkpointedPages = 0
    /// Pages that the log held when the writer last moved all of it into the database: the next commit begins it anew.
    var movedPages = 0
    /// There is no room: the oldest samples give way to new ones, or those are refused.
    var isShort = false { didSet { line.isAccepting = !isShort && !isClosing } }
    /// What was refused since, by link and reason.
    var refused: [String: Gap] = [:]
    var counters = StoreCounters()
    /// The newest sample of each tag that was stored since the start.
    var newest = NewestSamples()
    var seenDataVersion: Int64?
    var retention = RetentionClock()
    private let sharedTags = SharedTags()
    let historian: Historian
    /// How far those have come who read by number, by their names.
    var readers: [String: Int64] = [:]
    /// Number of the last block that was looked at for damage.
    var lookedThrough: Int64 = 0

    /// Opens or makes the store in a directory.
    ///
    /// - Parameter directory: made if it is missing; its parent must exist.
    /// - Parameter bootID: names this run of the machine; samples of another run have a monotonic time that compares
    ///   with nothing.
    /// - Parameter committedSamples: called after each commit with samples in it, or the attempt of one, with those.
    /// - Throws: `.locked` when another daemon runs on it, `.schema` for a newer file.
    package init(
        directory: String, limits: Limits = Limits(), contract: LossContract = LossContract(), clock: any PlantClock,
        logger: Logger, bootID: String? = nil, committedSamples: @escaping @Sendable ([SampleBatch]) -> Void = { _ in }
    ) throws(StoreError) {
        try Files.makeDirectory(directory)
        lock = try StoreLock(directory: directory)
        let reserve = ReserveFile(directory: directory, bytes: limits.reserveBytes)
        let database = try Self.openWithRoom(directory, reserve, clock, logger)
        let models = try ModelFiles(storeDirectory: directory)
        try database.adoptBackup(into: directory, models: models)
        let bootID = bootID ?? Files.bootID()
        self.directory = directory
        self.limits = limits
        self.contract = contract
        self.committedSamples = committedSamples
        self.clock = clock
        self.logger = logger
        self.bootID = bootID
        self.reserve = reserve
        self.models = models
        checkpointer = Checkpointer(path: Database.path(in: directory), logger: logger)
        historian = Historian(directory: directory, tags: sharedTags, clock: clock, logger: logger)
        do throws(StoreError) {
            try database.limitPages(to: limits, isShort: false)
            try database.begin(boot: bootID)
            try reserve.make()
        } catch .full {
            // Started on a full disk: alerts still go, into what the reserve held.
            isShort = true
            try reserve.giveBack()
            try database.limitPages(to: limits, isShort: true)
            try database.begin(boot: bootID)
            logger.error(
                "no space left; the oldest samples give way to new ones until space returns",
                metadata: ["directory": "\(directory)"])
        }
        self.database = database
        sharedTags.publish(database.tags)
        line.isAccepting = !isShort
    }

    /// Opens the file; on a disk without any room with what the reserve holds.
    private static func openWithRoom(
        _ directory: String, _ reserve: ReserveFile, _ clock: any PlantClock, _ logger: Logger
    ) throws(StoreError) -> Database {
        do throws(StoreError) {
            return try openSound(directory, clock, logger)
        } catch {
            // That a file beside the database finds no room comes as an error of input and output.
            guard error.isFull || error.isInputOutput, reserve.holdsSpace else { throw error }
            logger.error("no space to open the store; the reserve is given back", metadata: ["error": "\(error)"])
            try reserve.giveBack()
            return try openSound(directory, clock, logger)
        }
    }

    /// Tries before a file counts as damaged: a reading that fails once looks the same.
    private static let openingTries = 2

    /// Opens the file, made anew from its sound rows if its structure is damaged.
    static func openSound(
        _ directory: String, _ clock: any PlantClock, _ logger: Logger
    ) throws(StoreError) -> Database {
        for _ in 0..<openingTries where !Salvage.isPending(in: directory) {
            do throws(StoreError) {
                return try Database(directory: directory, clock: clock, logger: logger)
            } catch {
                guard case .damaged = error else { throw error }
            }
        }
        return try Salvage.run(in: directory, clock: clock, logger: logger)
    }

    // MARK: Samples

    /// Returns when every sample and receipt of the batch is durable, in one transaction.
    ///
    /// - Throws: `.full` while there is no room; `.unknownTag` and `.wrongKind` for a batch that can never be stored;
    ///   `.database` when the disk failed. After `.database` the batch may have been stored all the same: read
    ///   ``storedReceipts(link:)`` again before offering it again.
    package nonisolated func store(_ batch: SampleBatch) async throws { _ = try await commit(batch) }

    /// As ``store(_:)``.
    ///
    /// - Returns: the numbers under which the samples are stored, in their order; nil for a batch without samples.
    package nonisolated func commit(_ batch: SampleBatch) async throws(StoreError) -> ClosedRange<Int64>? {
        guard case .stored(let range) = try await enqueue(.batch(batch)) else { return nil }
        return range
    }

    /// Receipts of the latest messages stored for a link, newest last, at most 65,535.
    package func storedReceipts(link: String) throws(StoreError) -> [MessageReceipt] {
        try read { (database) throws(StoreError) in try database.receipts(link: link) }
    }

    package func recordLoss(link: String, since: WallTime?) async throws {
        let now = clock.wall()
        let from =
            try since
            ?? read { (database) throws(StoreError) in
                try database.samples(after: try database.newestSample() - 1, limit: 1).samples.last?.sample.arrival
            }
        try await apply([
            .gap(Gap(subject: "link:\(link)", from: min(from ?? now, now), to: now, count: 0, reason: .sessionLost))
        ])
    }

    /// The number of a tag, declared if it is new.
    ///
    /// Rule: a tag whose unit or kind has changed gets a new number; the old number is retired and keeps its history,
    /// so that no value is ever shown in a unit that it was not measured in.
    package func tagID(for definition: TagDefinition) throws(StoreError) -> TagID {
        try tagIDs(for: [definition])[0]
    }

    /// The same for many tags, in one transaction; numbers in the order of the definitions.
    package func tagIDs(for definitions: [TagDefinition]) throws(StoreError) -> [TagID] {
        try write { (database) throws(StoreError) in
            var numbers: [TagID] = []
            for definition in definitions { numbers.append(try database.declare(definition)) }
            sharedTags.publish(database.tags)
            return numbers
        }
    }

    /// After they were read again.
    func publishTags() {
        if let database { sharedTags.publish(database.tags) }
    }

    /// The tags in use, by name.
    package func tags() throws(StoreError) -> [String: (id: TagID, definition: TagDefinition)] {
        try read { (database) throws(StoreError) in database.tags.inUse }
    }

    /// The newest sample of a tag; nil when there is none.
    package func latest(_ tag: TagID) throws(StoreError) -> StoredSample? {
        try read { (database) throws(StoreError) in
            guard let known = newest[tag] else { return try database.latest(tag, depth: Int64(Bound.rowsPerRead)) }
            return try database.sample(known.record, number: known.number)
        }
    }

    // MARK: Changes

    /// Writes all of the changes in one transaction, or none of them.
    ///
    /// While there is no room, telemetry for the outbox is dropped and counted, and the other changes are written.
    /// - Returns: for each change the number of the row that it made (outbox: the sequence number), 0 where none was.
    @discardableResult
    package nonisolated func apply(_ changes: [Change]) async throws(StoreError) -> [Int64] {
        guard case .applied(let numbers) = try await enqueue(.changes(changes)) else { return [] }
        return numbers
    }

    /// Whether a command or another program has written to the file since this was last asked.
    package func changedByOthers() throws(StoreError) -> Bool {
        try read { (database) throws(StoreError) in
            let version = try database.sql { () throws(SQLiteError) in try database.connection.dataVersion() }
            defer { seenDataVersion = version }
            return seenDataVersion.map { $0 != version } ?? false
        }
    }

    /// Commits what waits and closes the file; every later call throws `.closed`.
    package func close() async {
        isClosing = true
        waiting += line.shut()
        while !waiting.isEmpty { flush() }
        isClosed = true
        await historian.end()
        await checkpointer.end()
        database?.connection.close()
        database = nil
        lock = nil
    }
}
