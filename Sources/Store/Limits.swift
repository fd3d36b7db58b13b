/// How much a store may keep. What goes beyond is dropped oldest first, and counted.
package struct Limits: Sendable {
    /// Samples older than this go.
    package var maximumAge: Duration
    /// Size of the database above which the oldest samples go. Telemetry is refused at a quarter more.
    package var maximumBytes: Int64
    package var outboxRows: Int64
    package var outboxBytes: Int64
    /// Space on disk that is kept back for alerts, acknowledgements and update steps when nothing else is left.
    package var reserveBytes: Int64
    /// Log pages (4 KiB each) at which the checkpointer is called.
    package var logPages: Int

    /// Defaults for a small box: 30 days, 2 GiB, a million or 256 MiB waiting upstream, 8 MiB in reserve and
    /// 8 MiB of log.
    package init(
        maximumAge: Duration = .seconds(30 * 86_400), maximumBytes: Int64 = 2 << 30, outboxRows: Int64 = 1_000_000,
        outboxBytes: Int64 = 256 << 20, reserveBytes: Int64 = 8 << 20, logPages: Int = 2_000
    ) {
        self.maximumAge = maximumAge
        self.maximumBytes = maximumBytes
        self.outboxRows = outboxRows
        self.outboxBytes = outboxBytes
        self.reserveBytes = reserveBytes
        self.logPages = logPages
    }
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
