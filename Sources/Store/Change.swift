package import Plant

/// What happened to a delivery when it was tried.
package enum DeliveryOutcome: Sendable {
    case sent
    case failed(reason: String, nextTry: WallTime)
    case givenUp(reason: String)
}

/// One thing to write; several are written in one transaction by ``Store/apply(_:)``, all or nothing.
package enum Change: Sendable {
    /// Where a reader of samples has come to: the number of the last sample that it is done with.
    case cursor(String, Int64)
    /// A value by name; nil removes it.
    case value(String, String?)
    /// A new alert and the first step of its life.
    case raise(Alert)
    /// An alert as its rule sees it now; what a person did meanwhile stays.
    case update(Alert, at: WallTime)
    case acknowledge(alert: String, by: String)
    case deliver(NewDelivery)
    case delivery(Int64, DeliveryOutcome)
    /// Something to be sent upstream.
    case enqueue(OutboxKind, [UInt8])
    /// The registry has confirmed everything up to this sequence number.
    case confirmOutbox(through: Int64)
    case gap(Gap)
    /// A value to be written to the field.
    case order(tag: String, Double, by: String, reason: String)
    /// What was done to the field at once, without an order.
    case audit(AuditedAct)
    /// Derived values (a score), stored with what follows from them; left out and counted while there is no room.
    case append([Sample])
    /// What somebody waits for an acknowledgement of, stored with what follows from it; left out and counted, receipts too,
    /// while there is no room.
    case store(SampleBatch)
}

extension Database {
    /// - Parameter refusesTelemetry: drop and count telemetry for the outbox, because there is no room.
    /// - Returns: the number of the row that was made, 0 where none was.
    func apply(_ change: Change, limits: Limits, refusesTelemetry: Bool) throws(StoreError) -> Int64 {
        switch change {
        case .cursor(let name, let id): try setCursor(name, id)
        case .value(let key, let value): try set(key, value)
        case .raise(let alert): return try raise(alert)
        case .update(let alert, let time): return try update(alert, at: time)
        case .acknowledge(let alert, let person): _ = try acknowledge(alert, by: person)
        case .deliver(let delivery): return try insert(delivery)
        case .delivery(let id, let outcome): try attempted(id, outcome)
        case .enqueue(.telemetry, let body) where refusesTelemetry:
            try refuseOutboxEntry(body, reason: .diskFull)
        case .enqueue(let kind, let body): return try enqueue(kind, body, limits: limits)
        case .confirmOutbox(let sequence): try acknowledgeOutbox(through: sequence)
        case .gap(let gap): try record(gap)
        case .order(let tag, let value, let person, let reason):
            return try order(tag, value, by: person, reason: reason).id
        case .audit(let act): try audit(act)
        case .append(let samples) where refusesTelemetry: try refuse(samples, of: "derived", reason: .diskFull)
        case .append(let samples): return try insertAtOnce(samples)
        case .store(let batch) where refusesTelemetry:
            let reason: Gap.Reason = batch.receipts.isEmpty ? .diskFull : .diskFullNotAcknowledged
            try refuse(batch.samples, of: "link:\(batch.link)", reason: reason)
        case .store(let batch):
            try insert(batch.receipts, link: batch.link)
            return try insertAtOnce(batch.samples)
        }
        return 0
    }

    private func refuse(_ samples: [Sample], of subject: String, reason: Gap.Reason) throws(StoreError) {
        let now = clock.wall()
        try record(Gap(subject: subject, from: now, to: now, count: Int64(samples.count), reason: reason))
    }

    private func insertAtOnce(_ samples: [Sample]) throws(StoreError) -> Int64 {
        let last = try insert(samples)?.upperBound ?? 0
        try flushChunk()
        return last
    }
}
