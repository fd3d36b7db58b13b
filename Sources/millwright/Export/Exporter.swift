import Glibc
import Plant
import Store
import Watch

/// What an export is to hold.
struct ExportSelection: Sendable {
    /// None for all tags.
    var patterns: [TagPattern] = []
    var from: WallTime
    /// The first time that is not wanted any more.
    var to: WallTime
    /// Nil for the samples themselves.
    var every: RollupWidth?
    var withWaveforms = false
}

/// What an export was.
struct ExportSummary: Encodable, Sendable {
    var rows: Int64 = 0
    var tags = 0
    var gaps = 0
    /// Damaged rows met and left out.
    var damaged: Int64 = 0
    /// Tags of a kind that was left out.
    var leftOut: [String] = []
    var bytes: Int64 = 0
}

/// Writes what a store holds, tag after tag in the order of time, a page at a time: as much memory for a year as for an
/// hour.
struct Exporter {
    let reader: StoreReader
    let selection: ExportSelection
    let onProgress: @Sendable (_ rows: Int64, _ tag: String) -> Void
    private(set) var summary = ExportSummary()
    private var buffer: [UInt8] = []

    /// Samples read at once: 20,000 numbers are about 3 MB.
    private static let samplesPerPage = 20_000
    /// Waveforms and texts read at once, so that a page of them is no larger: 64 windows of 4,096 values are 1 MB.
    private static let waveformsPerPage = 64
    private static let textsPerPage = 1_000
    /// Minutes read at once: 30 days of them are 43,200.
    private static let span = Duration.seconds(30 * 86_400)
    /// More gaps than a store keeps.
    private static let gapLimit = 20_000

    init(
        reader: StoreReader, selection: ExportSelection,
        onProgress: @escaping @Sendable (_ rows: Int64, _ tag: String) -> Void = { _, _ in }
    ) {
        self.reader = reader
        self.selection = selection
        self.onProgress = onProgress
    }

    /// - Throws: `.noTag` for a pattern that fits none, before anything is written.
    mutating func run(_ format: some ExportFormat, into sink: ExportSink) async throws {
        var format = format
        let tags = try await wanted()
        format.begin(to: &buffer)
        for tag in tags {
            if let width = selection.every {
                try await writeRollups(of: tag, width, &format, sink)
            } else {
                try await writeSamples(of: tag, &format, sink)
            }
        }
        try await writeGaps(&format, sink)
        try sink.write(&buffer)
        summary.tags = tags.count
        summary.damaged = try await reader.statistics().damagedSinceStart
        summary.bytes = sink.bytes
    }

    // MARK: Tags

    /// Tags by name; one whose unit has changed comes once for each unit, each row in the unit that it was measured in.
    private mutating func wanted() async throws -> [TagRecord] {
        let all = try await reader.tagRecords()
        for pattern in selection.patterns where !all.contains(where: { pattern.matches($0.definition.name) }) {
            throw ExportError.noTag(pattern.text)
        }
        let patterns = selection.patterns
        let named = all.filter { tag in
            patterns.isEmpty || patterns.contains { $0.matches(tag.definition.name) }
        }
        let kept = named.filter { tag in
            switch tag.definition.kind {
            case .number: true
            case .text: selection.every == nil
            case .waveform: selection.every == nil && selection.withWaveforms
            }
        }
        summary.leftOut = Set(named.map(\.definition.name)).subtracting(kept.map(\.definition.name)).sorted()
        return kept.sorted { ($0.definition.name, $0.id.rawValue) < ($1.definition.name, $1.id.rawValue) }
    }

    // MARK: Rows

    private mutating func writeSamples(
        of tag: TagRecord, _ format: inout some ExportFormat, _ sink: ExportSink
    ) async throws {
        let limit =
            switch tag.definition.kind {
            case .number: Self.samplesPerPage
            case .text: Self.textsPerPage
            case .waveform: Self.waveformsPerPage
            }
        var position: HistoryPosition?
        repeat {
            let page = try await reader.history(
                tag.id, from: selection.from, to: selection.to, after: position, limit: limit)
            for stored in page.samples {
                format.append(ExportedSample(tag: tag.definition, sample: stored.sample), to: &buffer)
                try countRow(sink)
            }
            try look(at: tag)
            position = page.next
        } while position != nil
    }

    private mutating func writeRollups(
        of tag: TagRecord, _ width: RollupWidth, _ format: inout some ExportFormat, _ sink: ExportSink
    ) async throws {
        // Hours tell where there is anything; minutes are read month by month.
        let hours = try await reader.rollups(
            tag.id, .hour, from: hour(selection.from, isEnd: false), to: hour(selection.to, isEnd: true))
        guard let first = hours.first?.start, let last = hours.last?.start else { return }
        var start = max(first, selection.from)
        let end = min(last + .seconds(3_600), selection.to)
        while start < end {
            let next = width == .hour ? end : min(start + Self.span, end)
            for bucket in try await reader.rollups(tag.id, width, from: start, to: next) {
                format.append(ExportedRollup(tag: tag.definition, bucket: bucket), to: &buffer)
                try countRow(sink)
            }
            try look(at: tag)
            start = next
        }
    }

    /// The hour that holds a time, or the first that is wholly behind it.
    private func hour(_ time: WallTime, isEnd: Bool) -> WallTime {
        guard time.nanoseconds > .min / 2, time.nanoseconds < .max / 2 else { return time }
        let start = WallTime(nanoseconds: Rollup.start(of: time.nanoseconds, width: RollupWidth.hour.nanoseconds))
        return isEnd ? start + .seconds(3_600) : start
    }

    /// Gaps come behind everything else, the oldest first: what is known to be missing in the time that was asked for.
    private mutating func writeGaps(_ format: inout some ExportFormat, _ sink: ExportSink) async throws {
        for gap in try await reader.gaps(limit: Self.gapLimit) where isOfInterest(gap) {
            format.append(gap, to: &buffer)
            summary.gaps += 1
            if buffer.count >= ExportSink.pieceBytes { try sink.write(&buffer) }
        }
    }

    /// Not what was lost on the way upstream, nor what is of other tags.
    private func isOfInterest(_ gap: Gap) -> Bool {
        guard gap.from < selection.to, gap.to >= selection.from, gap.subject != "outbox" else { return false }
        guard gap.subject.hasPrefix("tag:"), !selection.patterns.isEmpty else { return true }
        let name = String(gap.subject.dropFirst("tag:".count))
        return selection.patterns.contains { $0.matches(name) }
    }

    private mutating func countRow(_ sink: ExportSink) throws {
        summary.rows += 1
        if buffer.count >= ExportSink.pieceBytes { try sink.write(&buffer) }
    }

    private func look(at tag: TagRecord) throws {
        try Task.checkCancellation()
        onProgress(summary.rows, tag.definition.name)
    }
}
