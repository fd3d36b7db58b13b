internal import Logging
internal import Plant
internal import SQLite

extension Database {
    /// Part of the bound by which the file may outgrow it before the oldest samples must give way: retention works in steps.
    private static let pageMargin: Int64 = 4

    /// Sets the number of pages that the file may have; while space is short the reserve comes on top.
    func limitPages(to limits: Limits, isShort: Bool) throws(StoreError) {
        let pageBytes = max(512, try pragma("page_size"))
        let bytes = limits.maximumBytes + limits.maximumBytes / Self.pageMargin + (isShort ? limits.reserveBytes : 0)
        // A limit below the present size would refuse alerts too; the setting is then raised to what there is.
        let pages = max(bytes / pageBytes, try pragma("page_count") + (isShort ? limits.reserveBytes / pageBytes : 0))
        try sql { () throws(SQLiteError) in
            _ = try connection.pragma("max_page_count", String(min(pages, Int64(UInt32.max) - 1)))
        }
    }

    /// Bytes in use in the database file, free pages not counted.
    func usedBytes() throws(StoreError) -> Int64 {
        try (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
    }

    func pragma(_ name: String) throws(StoreError) -> Int64 {
        try sql { () throws(SQLiteError) in try connection.pragmaInteger(name) }
    }
}

extension Store {
    /// Nothing more fits: gives the reserve back, and telemetry is taken in the place of old from here on.
    func beginShortage() {
        isShort = true
        counters.shortages += 1
        logger.error(
            "no space left; the oldest samples give way to new ones until space returns",
            metadata: ["directory": "\(directory)"])
        do throws(StoreError) {
            try reserve.giveBack()
            guard let database else { return }
            try database.limitPages(to: limits, isShort: true)
            // Empties the log into the database, so that its space is used again from the start.
            try database.sql { () throws(SQLiteError) in try moveLog(of: database) }
        } catch {
            logger.warning("the reserve could not be given back whole", metadata: ["error": "\(error)"])
        }
    }

    /// Looks whether there is room again for the reserve and as much more, makes it, and records what was refused.
    func endShortageIfPossible() {
        guard isShort, let database else { return }
        do throws(StoreError) {
            guard try hasRoomAgain(database) else { return }
            try reserve.make()
            try database.limitPages(to: limits, isShort: false)
            isShort = false
            try recordRefusals()
            logger.notice("space has returned; all telemetry is stored again", metadata: ["directory": "\(directory)"])
        } catch {
            isShort = true
            logger.warning("space has not returned", metadata: ["error": "\(error)"])
        }
    }

    func hasRoomAgain(_ database: Database) throws(StoreError) -> Bool {
        let roomNeeded = reserve.isThere ? limits.reserveBytes : limits.reserveBytes * 2
        guard Files.freeBytes(directory) >= roomNeeded else { return false }
        return try database.usedBytes() <= limits.maximumBytes
    }

    /// Writes down what was refused, also while space is short, so that a restart does not forget it.
    func recordRefusals() throws(StoreError) {
        guard !refused.isEmpty else { return }
        let gaps = refused.sorted { $0.key < $1.key }.map(\.value)
        try transact { (database) throws(StoreError) in
            for gap in gaps { try database.record(gap) }
        }
        refused = [:]
    }

    func noteRefusal(of request: Request) {
        guard case .batch(let batch) = request.work, let first = batch.samples.first else { return }
        counters.refusedSamples += Int64(batch.samples.count)
        let times = batch.samples.map(\.time)
        let reason: Gap.Reason = batch.receipts.isEmpty ? .diskFull : .diskFullNotAcknowledged
        let new = Gap(
            subject: "link:\(batch.link)", from: times.min() ?? first.time, to: times.max() ?? first.time,
            count: Int64(batch.samples.count), reason: reason)
        let key = "\(batch.link) \(reason.rawValue)"
        guard var gap = refused[key] else { return refused[key] = new }
        gap.from = min(gap.from, new.from)
        gap.to = max(gap.to, new.to)
        gap.count += new.count
        refused[key] = gap
    }
}
