import Drivers
import Plant
import Store

/// Who writes to a tag of a link, where its configuration allows it.
protocol FieldWriter: Sendable {
    func write(_ tag: String, _ value: Double, within limit: Duration) async -> WriteOutcome
}

/// Tells the line what was found, at once: what the order table would cost is more than a fast line has.
struct StationGate: Sendable {
    let setting: StationDefinition.Gate
    /// For a tag.
    let writer: any FieldWriter
    /// For a topic: the link whose broker it is.
    let link: LinkDefinition?
    let publisher: MQTTPublisher?
    /// Later than this a decision is not begun: the part has gone.
    let patience: Duration
    let clock: any PlantClock

    /// What became of telling it.
    struct Told: Sendable {
        var act: AuditedAct
        /// When the other side had acknowledged, or not.
        var at: MonotonicTime

        var isDone: Bool { act.result.outcome == Self.done }
        static let done = "written"
    }

    func tell(_ verdict: StationVerdict) async -> Told {
        let reason = "\(verdict.station) \(verdict.part ?? verdict.row.file) \(verdict.name)"
        switch setting {
        case .tag(let tag, let values):
            let value = values[verdict.outcome]
            let outcome = await writer.write(tag, value, within: patience)
            return Told(
                act: AuditedAct(
                    by: Self.person, action: "write", subject: tag, new: value, reason: reason, result: .init(outcome)),
                at: clock.monotonic())
        case .topic(let link, let topic):
            return Told(
                act: AuditedAct(
                    by: Self.person, action: "publish", subject: "\(link):\(topic)",
                    new: Double(verdict.outcome.rawValue), reason: reason, result: await publish(verdict, topic)),
                at: clock.monotonic())
        }
    }

    /// What is audited of a part whose decision may have been told just before the daemon ended.
    func mayHaveTold(_ verdict: StationVerdict) -> AuditedAct {
        let (action, subject) =
            switch setting {
            case .tag(let tag, _): ("write", tag)
            case .topic(let link, let topic): ("publish", "\(link):\(topic)")
            }
        return AuditedAct(
            by: Self.person, action: action, subject: subject, new: nil,
            reason: "\(verdict.station) \(verdict.part ?? verdict.row.file)",
            result: WriteResult(outcome: "unknown", detail: "the daemon ended while it was under way"))
    }

    private func publish(_ verdict: StationVerdict, _ topic: String) async -> WriteResult {
        guard let publisher else { return WriteResult(outcome: "refused", detail: "the link has no broker") }
        do {
            try await publisher.publish(topic, try verdict.json(), within: max(patience, Self.leastPatience))
            return WriteResult(outcome: Told.done)
        } catch { return WriteResult(outcome: "unknown", detail: "\(error)") }
    }

    private static let person = "station"
    /// A connection with TLS takes longer to begin than a fast line has for a part; one that never got that far would never begin.
    private static let leastPatience = Duration.milliseconds(250)
}
