/// How much a store may keep. What goes beyond is dropped oldest first, and counted.
package struct Limits: Sendable {
    /// Samples older than this go.
    package var maximumAge: Duration
    /// Size of the database above which the oldest samples go. Telemetry is refused at a quarter more.
    package var maximumBytes: Int64
    package var outboxRows: Int64
    package var outboxBytes: Int64
    /// Samples that stay as they came; when there are more, the older half is packed.
    package var hotSamples: Int64
    /// Rollups older than this go. They stay when the samples that they were made of have gone.
    package var rollupAge: Duration
    /// Tags packed in one transaction.
    package var tagsPerPlan = Bound.tagsPerPlan
    /// Samples of a full block.
    package var samplesPerBlock = HistoryCodec.maximumSamples
    /// Space on disk that is kept back for alerts, acknowledgements and update steps when nothing else is left.
    package var reserveBytes: Int64
    /// Log pages (4 KiB each) at which the checkpointer is called.
    package var logPages: Int

    /// Defaults for a small box: 30 days, 2 GiB, a million or 256 MiB waiting upstream, 262,144 samples not packed, a
    /// year of rollups, 8 MiB in reserve and 8 MiB of log.
    package init(
        maximumAge: Duration = .seconds(30 * 86_400), maximumBytes: Int64 = 2 << 30, outboxRows: Int64 = 1_000_000,
        outboxBytes: Int64 = 256 << 20, hotSamples: Int64 = 262_144, rollupAge: Duration = .seconds(366 * 86_400),
        reserveBytes: Int64 = 8 << 20, logPages: Int = 2_000
    ) {
        self.maximumAge = maximumAge
        self.maximumBytes = maximumBytes
        self.outboxRows = outboxRows
        self.outboxBytes = outboxBytes
        self.hotSamples = hotSamples
        self.rollupAge = rollupAge
        self.reserveBytes = reserveBytes
        self.logPages = logPages
    }

    /// No more than an eighth of the size is for samples that are not packed.
    var packsBeyond: Int64 { min(hotSamples, maximumBytes / 8 / Int64(SampleRecord.bytes)) }
    /// Samples older than this are packed however few they are, so that their rollups are there before they go.
    var packsAfter: Duration { min(.seconds(86_400), maximumAge / 2) }
    /// Of the times in a block, so that a block does not keep samples for long beyond their age.
    var blockSpan: Duration { min(.seconds(86_400), maximumAge / 8) }
    /// Of ``maximumBytes``, what rollups may take; beyond it the oldest go, minutes before hours.
    var rollupBytes: Int64 { maximumBytes / 4 }
}

/// Bounds that no configuration changes, each with its reason.
enum Bound {
    /// Samples in one transaction: a commit of more waits noticeably (1 ms per 1,000 rows), and its log is a few MB.
    static let samplesPerCommit = 20_000
    /// Waveform bytes in one transaction, for the same reason.
    static let waveformBytesPerCommit = 8 << 20
    /// As many times the log at which the checkpointer is called, and the writer itself checkpoints before it goes on,
    /// which bounds the log: 64 MiB.
    static let logGrowth = 8
    /// Messages of a link whose receipts are kept: MQTT packet identifiers are 1...65535, so a broker cannot have more
    /// of them unacknowledged.
    static let receiptsPerLink: Int64 = 65_535
    /// Chunks deleted in one step of retention: a few milliseconds, so that commits in between do not wait.
    static let chunksPerTrim: Int64 = 64
    /// The same for blocks: as much is deleted.
    static let blocksPerTrim: Int64 = 64
    /// The same for rows of rollups.
    static let rollupsPerTrim: Int64 = 256
    /// Tags packed in one transaction: about three rows each, so that a commit that comes meanwhile does not wait long.
    static let tagsPerPlan = 256
    /// Samples packed in one transaction: 1.5 MB in memory.
    static let samplesPerPlan = 32_768
    /// Hours of rollups that one tag may touch in a run, which else is made smaller: a source with a broken clock
    /// would touch one with each sample.
    static let hoursPerTag = 256
    /// Blocks' worth of time that one tag may touch in a run; beyond it, its samples stay in the order in which they
    /// came.
    static let spansPerTag = 16
    /// Samples a minute below which minutes go together with the samples: one takes about 30 bytes, a sample 3 to 5.
    static let samplesPerMinute = 2
    /// While a reader by number has not come so far, this many times the usual number of samples stays unpacked; then
    /// it finds them in blocks, which takes it longer.
    static let patience: Int64 = 4
    /// Blocks of about one size and of one tag and day that are joined: with fewer a sample is written more often, with
    /// more a question unpacks more small blocks.
    static let blocksPerLevel = 8
    /// Blocks looked at in one step of housekeeping, so that damage shows before somebody asks.
    static let blocksPerLook: Int64 = 16
    /// Free pages given back to the file system in one step.
    static let pagesPerVacuum = 256
    /// Samples in one row of `chunks`: 45 kB, so that the row costs little beside what is in it.
    static let samplesPerChunk = 1_024
    /// UTF-8 bytes of a text; what is longer is cut after the last whole character.
    static let textBytes = 4_096
    /// Rows read in one call at most, whatever the caller asks: 100,000 samples are about 10 MB.
    static let rowsPerRead = 100_000
    /// Quarantined rows kept; beyond it the oldest go, the count stays.
    static let quarantineRows: Int64 = 10_000
    /// Gaps kept.
    static let gapRows: Int64 = 10_000
    /// Samples accepted and not yet committed: beyond it drivers wait. 100,000 are about 10 MB, and as many as one second
    /// of the fastest driver while the disk hangs.
    static let acceptedSamples = 100_000
    /// Samples that are not held back for others any longer: a commit of more costs as much for each.
    static let samplesWorthACommit = 1_000
}
