import Drivers
import Plant
import Sparkplug
import Store
import Watch

extension StatusReport.Link {
    /// - Parameter found: what the watch found wrong with its samples.
    init(_ status: LinkStatus, found: WatchCounts?) {
        var counters: [String: Int] = [
            "received": status.counters.received, "stored": status.counters.stored,
            "duplicates": status.counters.duplicates, "reconnects": status.counters.reconnects,
            "dropped": status.counters.dropped, "late_scans": status.counters.lateScans,
            "refusals": status.counters.refusals, "tags_refused": status.counters.tagsRefused,
            "sessions_lost": status.counters.sessionsLost,
        ]
        for (cause, count) in status.counters.malformed { counters["malformed.\(cause)"] = count }
        for (verdict, count) in status.counters.verdicts { counters["verdict.\(verdict)"] = count }
        if status.counters.skipped > 0 { counters["skipped"] = status.counters.skipped }
        for (code, count) in status.counters.exceptions { counters["exception.\(code)"] = count }
        for (flag, count) in found?.found ?? [:] { counters["flag.\(flag)"] = count }
        self.init(
            name: status.name, driver: status.scheme, state: status.state.word, since: ISO8601.string(status.since),
            lastError: status.lastError, counters: counters, figures: status.figures, failing: status.failing,
            rejected: status.rejected.map(StatusReport.Link.Rejected.init))
    }
}

extension StatusReport.Link.Rejected {
    init(_ rejected: RejectedPayload) {
        self.init(
            at: ISO8601.string(rejected.at), topic: rejected.topic, cause: rejected.cause, tag: rejected.tag,
            place: rejected.place, bytes: rejected.bytes, excerpt: rejected.excerpt)
    }
}

extension StatusReport.Sparkplug {
    init(_ status: EdgeStatus, node: SparkplugNode) {
        self.init(
            node: "\(node)", state: status.state.rawValue, isHostOnline: status.isHostOnline, broker: status.broker,
            bdSeq: status.bdSeq.map { Int($0) }, published: status.published, historical: status.historical,
            pending: status.pending, lastError: status.lastError,
            counters: [
                "births": status.births, "rebirths": status.rebirths, "reconnects": status.reconnects,
                "commands_refused": status.commandsRefused, "device_deaths": status.deviceDeaths,
            ])
    }
}

extension StatusReport.Loss {
    init(_ report: LossReport, _ statistics: StoreStatistics) {
        self.init(
            contractSeconds: report.contract.samples.inSeconds, oldestSeconds: report.oldest.inSeconds,
            waitingSamples: report.waiting, worstSeconds: report.worst.inSeconds, lateCommits: Int(report.lateCommits),
            commits: Int(statistics.counters.commits),
            commitMedianMilliseconds: report.commitMedian.inSeconds * 1_000,
            commitP99Milliseconds: report.commitP99.inSeconds * 1_000)
    }
}

extension StatusReport {
    static func counters(_ statistics: StoreStatistics) -> [String: Int] {
        [
            "samples": Int(statistics.samples), "last_sample": Int(statistics.lastSample),
            "packed_samples": Int(statistics.archivedSamples), "packed_bytes": Int(statistics.archivedBytes),
            "blocks": Int(statistics.blocks), "rollup_bytes": Int(statistics.rollupBytes),
            "bytes": Int(statistics.databaseBytes), "log_bytes": Int(statistics.logBytes),
            "disk_free_bytes": Int(statistics.diskFreeBytes), "commits": Int(statistics.counters.commits),
            "samples_since_start": Int(statistics.counters.samples), "quarantined": Int(statistics.quarantined),
            "gaps": Int(statistics.gaps), "refused_samples": Int(statistics.counters.refusedSamples),
            "dropped_for_room": Int(statistics.counters.droppedForRoom),
            "retired_samples": Int(statistics.counters.retired), "reopened": Int(statistics.counters.reopened),
            "outbox_dropped": Int(statistics.outbox.values.reduce(0) { $0 + $1.droppedRows }),
        ]
    }
}

extension StatusReport.Station {
    init(
        _ definition: StationDefinition, _ tally: StationTally, unfollowed: Int, evidence: EvidenceKeeper.Counts?,
        _ judging: millwright.Station.Judging
    ) {
        self.init(
            id: definition.id, pictures: definition.pictures, good: tally.good, defects: tally.defects,
            notJudged: tally.notJudged, notWanted: tally.notWanted, unfollowed: unfollowed,
            notTold: definition.gate == nil ? nil : tally.notTold,
            evidence: evidence.map { .init(bytes: Int($0.bytes), kept: $0.kept, dropped: $0.dropped) },
            feedback: judging.feedback.words.map { word in
                Word(
                    id: word.id, says: word.isGood ? "good" : "bad", part: word.part, by: word.by,
                    effect: judging.effects[word.id] ?? "without effect: no model for its recipe")
            },
            feedbackTrouble: judging.trouble?.description,
            last: tally.last.map(Last.init),
            toVerdict: Latency(tally.toVerdict), toGate: Latency(tally.toGate))
    }
}

extension StatusReport.Station.Last {
    init(_ verdict: StationVerdict) {
        self.init(
            at: ISO8601.string(verdict.time), part: verdict.part, recipe: verdict.recipe, verdict: verdict.row.verdict,
            name: verdict.name, score: verdict.row.score, threshold: verdict.row.threshold, reason: verdict.row.reason)
    }
}

extension StatusReport.Station.Latency {
    init?(_ ring: LatencyRing) {
        guard let (median, p99) = ring.quantiles else { return nil }
        self.init(
            median: median.inSeconds * 1_000, p99: p99.inSeconds * 1_000, longest: ring.longest.inSeconds * 1_000)
    }
}
