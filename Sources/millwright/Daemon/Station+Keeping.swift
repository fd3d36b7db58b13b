import Alerts
import Drivers
import FoundationEssentials
import Inspection
import Logging
import Plant
import Store
import Synchronization

/// What stays of a part: evidence, the note that it is under way, and the transaction of its verdict.
extension Station {
    // MARK: Evidence

    /// - Returns: nil for a good part that is not among those that are kept.
    func evidenceName(of verdict: StationVerdict) -> String? {
        guard parts.evidence != nil, let share = definition.evidence?.goodShare else { return nil }
        return state.withLock { state in
            if verdict.outcome == .good {
                state.goodParts += 1
                let isDue = Int(Double(state.goodParts) * share) > Int(Double(state.goodParts - 1) * share)
                guard isDue else { return nil }
            }
            state.evidenceNumber += 1
            let stamp = ISO8601.string(verdict.arrival)
            let time = stamp.dropFirst(11).dropLast().filter { $0 != ":" }
            return
                "\(ISO8601.compact(verdict.arrival).prefix(8))/\(time)-\(state.evidenceNumber)-\(verdict.row.verdict)"
        }
    }

    func keepEvidence(_ name: String, _ picture: FieldPicture, _ decision: Decision) throws {
        var item = EvidenceFolder.Item(
            name: name, picture: picture.bytes, encoding: picture.encoding, verdict: try decision.verdict.json(),
            mapThreshold: 0)
        if case .judged(let found, _) = decision.finding.content {
            (item.map, item.mapThreshold) = (found.map, found.mapThreshold)
        }
        parts.evidence?.add(item)
    }

    // MARK: Under way

    private func underWay(_ picture: FieldPicture) -> String? {
        picture.receipt.map { "\(picture.link) \($0.packetID) \(String($0.digest, radix: 16))" }
    }

    /// Where a decision could be told twice, or an announced part be forgotten.
    private var notesUnderWay: Bool { parts.gate != nil || definition.trigger != nil }

    func noteUnderWay(_ picture: FieldPicture) async {
        guard notesUnderWay, let text = underWay(picture) else { return }
        do { try await store.setValue(underWayKey, text) } catch {
            // The line needs its decision all the same.
            logger.warning(
                "picture under way not noted", metadata: ["station": "\(definition.id)", "reason": "\(error)"])
        }
    }

    /// Whether the daemon ended over it.
    func wasUnderWay(_ picture: FieldPicture) -> Bool {
        guard notesUnderWay, let text = underWay(picture) else { return false }
        return state.withLock { state in
            guard state.interrupted == text else { return false }
            state.interrupted = nil
            return true
        }
    }

    // MARK: Keeping

    /// - Parameter picture: which comes again if the store refuses; nil where there is none.
    func keep(_ kept: Kept, of picture: FieldPicture?) async throws {
        var kept = kept
        do { try await commit(&kept) } catch {
            guard let picture else { throw error }
            let key = key(of: picture)
            state.withLock { state in
                state.unstored.append((key, kept))
                if state.unstored.count > Self.unstoredLimit { state.unstored.removeFirst() }
            }
            throw error
        }
        state.withLock { $0.tally.take(kept.verdict) }
    }

    /// Verdict, receipt, audit, alerts, telemetry and what these are counted from, in one transaction.
    ///
    /// - Throws: also when everything but the samples was stored, because there is no room for them.
    private func commit(_ kept: inout Kept) async throws {
        let batch = SampleBatch(
            link: kept.link, samples: kept.verdict.samples(parts.tags), receipts: kept.receipt.map { [$0] } ?? [])
        var changes = [Change.store(batch)]
        var alerts = state.withLock { $0.alerts }
        var events: [AlertEvent] = []
        if !kept.isCounted {
            let steps = alertSteps.withLock { $0 }
            events = alerts.take(
                kept.verdict, deviation: deviation(of: kept.verdict),
                evidence: kept.evidence.map { "evidence/\(definition.id)/\($0)" })
            changes.append(.enqueue(.telemetry, try PartTelemetry(kept.verdict).json()))
            changes += kept.told.map { [.audit($0.act)] } ?? []
            changes += events.flatMap { steps.changes($0, asset: definition.asset) }
            // It is not under way any more.
            if notesUnderWay, kept.receipt != nil { changes.append(.value(underWayKey, nil)) }
            changes.append(.value(alertsKey, String(decoding: try JSONEncoder().encode(alerts.memory), as: UTF8.self)))
        }
        let numbers = try await store.apply(changes)
        state.withLock { $0.alerts = alerts }
        kept.isCounted = true
        if events.contains(where: \.isPublished) { await announce() }
        guard numbers.first != 0 else { throw StoreError.full }
    }

    private func deviation(of verdict: StationVerdict) -> Double? {
        guard let score = verdict.row.score, let model = state.withLock({ $0.judging.models[verdict.recipe ?? ""] })
        else { return nil }
        return model.threshold.spread?.standard(score)
    }

    /// Takes over what people did through another process: `millwright alerts ack`.
    func takeAcknowledgements(_ stored: [Alert]) async throws {
        try await turn.pass {
            var alerts = state.withLock { $0.alerts }
            let steps = alertSteps.withLock { $0 }
            let changes = stored.flatMap { taken -> [Change] in
                guard let at = taken.acknowledgedAt, let person = taken.acknowledgedBy,
                    let event = alerts.acknowledge(taken.id, by: person, at: at)
                else { return [] }
                return steps.messages(event, asset: definition.asset)
            }
            guard !changes.isEmpty else { return }
            try await store.apply(changes)
            state.withLock { $0.alerts = alerts }
            await announce()
        }
    }

    func note(_ told: StationGate.Told?, of verdict: StationVerdict) {
        guard let told else { return }
        state.withLock { $0.tally.take(told, after: told.at - verdict.monotonic) }
        guard !told.isDone else { return }
        logger.warning(
            "the gate was not told",
            metadata: [
                "station": "\(definition.id)", "outcome": "\(told.act.result.outcome)",
                "reason": "\(told.act.result.detail ?? "")",
            ])
    }
}
