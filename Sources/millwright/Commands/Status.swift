import ArgumentParser
import Glibc
import Host
import Plant

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how the daemon is: links, assets, alerts, store, registry.")

    @OptionGroup var place: StoreOption

    @Flag(help: "Print everything, counters too, as JSON.")
    var json = false

    func run() throws {
        let (report, bytes) = try place.statusFile().read()
        let isRunning = kill(report.pid, 0) == 0 || errno == EPERM
        if json {
            Output.line(String(decoding: bytes, as: UTF8.self))
        } else {
            Output.line(Self.text(report, isRunning: isRunning, now: SystemClock().wall()))
        }
        if !isRunning { throw ExitCode.failure }
    }

    /// How fast a device is asked and answers.
    private static func pace(_ figures: [String: Int]) -> String {
        guard let rate = figures["transactions_per_100s"] else { return "" }
        func milliseconds(_ key: String) -> String { Format.fixed(Double(figures[key] ?? 0) / 1_000, 1) }
        return "; \(Format.fixed(Double(rate) / 100, 1)) requests/s, reply \(milliseconds("reply_us_p50")) ms "
            + "(p99 \(milliseconds("reply_us_p99"))), asked \(milliseconds("scan_late_us_p99")) ms late at most (p99)"
    }

    /// The daemon writes how it is twice a second; older than this it says nothing of now.
    private static let fresh = Duration.seconds(10)

    /// - Parameter now: against which the report's age is told.
    static func text(_ report: StatusReport, isRunning: Bool, now: WallTime) -> String {
        var lines = [
            "millwright \(report.version) at \(report.plant) (\(report.device)): "
                + (isRunning
                    ? "running since \(report.startedAt)" : "NOT RUNNING; this is how it was at \(report.writtenAt)")
        ]
        if isRunning, let written = ISO8601.parse(report.writtenAt.utf8), now - written > fresh {
            lines.append(
                "! this is how it was at \(report.writtenAt): the daemon has not said how it is since; it hangs, or cannot write "
                    + "its status (a full disk?)")
        }
        for warning in [report.clockWarning, report.storeTrouble, report.configuration.reloadError].compactMap(\.self) {
            lines.append("! \(warning)")
        }
        for notice in report.configuration.notices ?? [] { lines.append("! \(notice)") }
        lines.append("\nlinks")
        lines.append(
            Format.table(
                report.links.map { link in
                    let counters = link.counters.filter { $0.value > 0 }.sorted { $0.key < $1.key }
                        .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                    let error = link.state == "connected" ? "" : link.lastError.map { "; \($0)" } ?? ""
                    return ["  \(link.name)", link.driver, link.state, counters + Self.pace(link.figures) + error]
                }))
        for link in report.links where !link.failing.isEmpty {
            lines.append("! \(link.name): the device does not give \(link.failing.joined(separator: ", "))")
        }
        for link in report.links {
            for one in link.rejected ?? [] { lines.append("! \(link.name): \(text(one))") }
        }
        if let watch = report.watch {
            let found = watch.found.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.append(
                "\nvalues    \(watch.tags) tags watched, \(watch.silent) silent, clock \(watch.clock)  "
                    + found.joined(separator: " "))
            lines.append(
                Format.table(
                    watch.worst.map {
                        [
                            "  \($0.name)", "\($0.flags) flags", "\($0.quality)",
                            "last usable value \(Format.age(.seconds($0.ageSeconds))) ago",
                        ]
                    }))
        }
        lines.append("\nassets")
        lines.append(
            Format.table(
                report.assets.map { asset in
                    let score: String =
                        if let score = asset.score, let threshold = asset.threshold {
                            "score \(Format.fixed(score / threshold, 2)) x threshold"
                        } else { "no score yet" }
                    let model = asset.modelDigest.map { "\(asset.model) \($0.prefix(12))" } ?? "no model"
                    return [
                        "  \(asset.id)", asset.state, score, model,
                        "\(asset.windows) judged, \(asset.notJudged) not"
                            + (asset.reason.map { ": \($0)" } ?? ""),
                    ]
                }))
        lines += (report.stations ?? []).isEmpty ? [] : ["\nstations"]
        for station in report.stations ?? [] { lines += text(station) }
        if !report.accelerators.isEmpty {
            lines.append("\naccelerators")
            lines.append(
                Format.table(
                    report.accelerators.map { one in
                        let time = one.lastMicroseconds.map { ", the last in \(Format.fixed($0, 0)) us" } ?? ""
                        return [
                            "  \(one.chip)", one.model, one.state,
                            "\(one.inferences) inferences\(time), \(one.byCPU) by the CPU"
                                + (one.reason.map { ": \($0)" } ?? "; \(one.library) \(one.version)"),
                        ]
                    }))
        }
        let deliveries = report.alerts.deliveries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        lines.append(
            "\nalerts    \(report.alerts.active) active, \(report.alerts.unacknowledged) not acknowledged  "
                + deliveries.joined(separator: " "))
        lines.append(
            "store     \(report.store["samples"] ?? 0) samples, \(Format.bytes(Int64(report.store["bytes"] ?? 0))), "
                + "\(report.store["gaps"] ?? 0) gaps, \(report.store["quarantined"] ?? 0) quarantined, "
                + "\(Format.bytes(Int64(report.store["disk_free_bytes"] ?? 0))) free")
        if let packed = report.store["packed_samples"], packed > 0, let bytes = report.store["packed_bytes"] {
            lines.append(
                "history   \(packed) samples packed, \(Format.fixed(Double(bytes) / Double(packed), 1)) bytes each; "
                    + "rollups \(Format.bytes(Int64(report.store["rollup_bytes"] ?? 0)))")
        }
        lines.append(loss(report.loss))
        if let registry = report.registry {
            lines.append(
                "registry  \(registry.url): \(registry.state), \(registry.pending) waiting, confirmed through "
                    + "\(registry.acknowledgedSequence)" + (registry.lastError.map { "; \($0)" } ?? ""))
            lines.append("models    \(registry.update)")
        }
        if let edge = report.sparkplug {
            let host = edge.isHostOnline.map { $0 ? ", host online" : ", host offline" } ?? ""
            let trouble = edge.state == "online" ? "" : edge.lastError.map { "; \($0)" } ?? ""
            lines.append(
                "sparkplug \(edge.node): \(edge.state)\(host), \(edge.published) published, \(edge.historical) historical, "
                    + "\(edge.pending) to be sent later" + trouble)
        }
        return lines.joined(separator: "\n")
    }

    private static func text(_ station: StatusReport.Station) -> [String] {
        func counts(_ named: [String: Int]) -> String {
            let total = named.values.reduce(0, +)
            let parts = named.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return named.isEmpty ? "0" : "\(total) (\(parts))"
        }
        func span(_ latency: StatusReport.Station.Latency) -> String {
            "\(Format.fixed(latency.median, 1)) ms (p99 \(Format.fixed(latency.p99, 1)), longest "
                + "\(Format.fixed(latency.longest, 1)))"
        }
        var lines = [
            "  \(station.id)  \(station.good) good, \(counts(station.defects)) defect, \(counts(station.notJudged)) not judged, "
                + "\(station.notWanted) pictures not asked for"
        ]
        if let last = station.last {
            let score = last.score.flatMap { score in last.threshold.map { score / $0 } }
                .map { " \(Format.fixed($0, 2)) x threshold" }
            lines.append(
                "    last    \(last.at) \(last.part.map(Format.oneLine) ?? "part without a name"): \(last.name)\(score ?? "")"
                    + (last.reason.map { ": \($0)" } ?? ""))
        }
        let verdict = station.toVerdict.map { "verdict after \(span($0))" }
        let gate = station.toGate.map { "gate acknowledged after \(span($0))" }
        let latency = [verdict, gate].compactMap(\.self).joined(separator: ", ")
        if !latency.isEmpty { lines.append("    latency \(latency)") }
        if let evidence = station.evidence, evidence.bytes > 0 || evidence.dropped > 0 {
            let dropped = evidence.dropped > 0 ? ", \(evidence.dropped) NOT KEPT for want of room" : ""
            lines.append("    evidence \(Format.bytes(Int64(evidence.bytes)))\(dropped)")
        }
        for word in station.feedback {
            lines.append(
                "    said    \(word.id) \(word.part.map(Format.oneLine) ?? "a part") was \(word.says), by \(word.by): \(word.effect)"
            )
        }
        if let trouble = station.feedbackTrouble {
            lines.append(
                "  ! \(station.id): parts are judged without what was said last, it cannot be read: \(trouble); "
                    + "`millwright inspect feedback --start-anew --station \(station.id)` puts it aside")
        }
        if let notTold = station.notTold, notTold > 0 {
            lines.append(
                "  ! \(station.id): \(notTold) decisions that the gate did not acknowledge; see millwright audit")
        }
        if station.unfollowed > 0 {
            lines.append("  ! \(station.id): \(station.unfollowed) parts announced while too many waited for a picture")
        }
        return lines
    }

    /// `2026-11-24T08:00:00.000Z plant/json: json at byte 17 of 30, no tag got a value: {"t":1,`
    private static func text(_ rejected: StatusReport.Link.Rejected) -> String {
        let place = rejected.place.map { " at byte \($0)" } ?? ""
        let whom = rejected.tag.map { "\($0) got no value" } ?? "no value was taken"
        return "\(rejected.at) \(rejected.topic): \(rejected.cause)\(place) of \(rejected.bytes), \(whom): "
            + rejected.excerpt
    }

    private static func loss(_ loss: StatusReport.Loss) -> String {
        let late = loss.lateCommits == 0 ? "never more" : "MORE in \(loss.lateCommits) commits"
        return
            "loss      at most \(Format.fixed(loss.contractSeconds, 1)) s of samples that nobody acknowledges, 0 alerts: now "
            + "\(Format.fixed(loss.oldestSeconds, 2)) s, worst \(Format.fixed(loss.worstSeconds, 2)) s, \(late); "
            + "\(loss.commits) commits, half within \(Format.fixed(loss.commitMedianMilliseconds, 1)) ms, 99 % within "
            + "\(Format.fixed(loss.commitP99Milliseconds, 1)) ms"
    }
}
