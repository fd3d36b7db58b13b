package import Logging
package import Store
import Trust

/// Sends the outbox to the registry, in order, and forgets what the registry has confirmed.
///
/// Exactly once: each entry has the sequence number that the outbox gave it; the registry keeps one row a device and
/// number, and an entry leaves the outbox only after the registry has said that it is durable there. Whatever is killed
/// in between, the same entries are sent again under the same numbers.
package actor TelemetrySync {
    package struct Status: Sendable {
        package var state = "waiting"
        package var lastError: String?
        /// Entries confirmed by the registry since this process started.
        package var sent: Int64 = 0
        package var batches: Int64 = 0
        /// Failures by ``UplinkError/code``.
        package var failures: [String: Int] = [:]
        /// The last sequence number that the registry has confirmed; 0 before the first.
        package var confirmedThrough: Int64 = 0
        /// Entries that the registry will never take; given up, each with a gap, so that the rest goes on.
        package var refused: Int64 = 0

        package init() {}
    }

    package private(set) var status = Status()

    private let store: Store
    private let transport: any Transport
    private let interval: Duration
    private let logger: Logger
    /// One while the registry has refused a batch: then it is found out which entry it does not like.
    private var rowsPerBatch = TelemetrySync.batchRows

    /// A batch is one transaction at the registry and one request: large enough for a slow line, small enough to repeat.
    private static let batchRows = 500
    private static let batchBytes = 512 * 1_024
    private static let path = "/v1/telemetry"

    /// - Parameter interval: how often the outbox is looked at when it was empty.
    package init(store: Store, transport: any Transport, interval: Duration, logger: Logger) {
        self.store = store
        self.transport = transport
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled.
    package func run() async throws {
        var backOff = BackOff()
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                let more = try await sendBatch()
                backOff.succeeded()
                status.state = "connected"
                status.lastError = nil
                if !more { try await Task.sleep(for: interval) }
            } catch let error as UplinkError {
                status.failures[error.code, default: 0] += 1
                // One line when the registry goes and, by the state, one when it is back; not one a retry.
                if status.state != "retrying" {
                    logger.warning("registry lost", metadata: ["reason": "\(error)"])
                }
                status.state = "retrying"
                status.lastError = error.description
                try await Task.sleep(for: backOff.failed(random: &random))
            }
        }
    }

    /// Sends the oldest batch and waits for its confirmation.
    ///
    /// - Returns: false when the outbox held clearly less than a whole batch: there is time to let more come together.
    package func sendBatch() async throws -> Bool {
        let entries = try await store.nextBatch(rows: rowsPerBatch, bytes: Self.batchBytes)
        guard let first = entries.first, let last = entries.last else { return false }
        let body = TelemetryBatch(entries).json
        let answer: TransportAnswer
        do {
            answer = try await transport.post(Self.path, json: body, maximumBytes: 64 * 1_024)
        } catch is CancellationError {
            throw CancellationError()
        } catch { throw UplinkError.unreachable("\(error)") }
        if Self.isRefusal(answer) { return try await isolate(entries, answer) }
        let confirmed = try Self.confirmation(in: answer)
        guard (first.sequence...last.sequence).contains(confirmed) else {
            throw UplinkError.garbage(
                path: Self.path, expected: "a stored_through of \(first.sequence)...\(last.sequence)",
                found: "\(confirmed)")
        }
        try await store.confirmOutbox(through: confirmed)
        status.sent += Int64(entries.count { $0.sequence <= confirmed })
        status.batches += 1
        status.confirmedThrough = confirmed
        // A batch that ended at its bytes was whole too: the next entry did not fit any more.
        let bytes = entries.reduce(0) { $0 + $1.body.count }
        defer { rowsPerBatch = Self.batchRows }
        return entries.count == rowsPerBatch || bytes > Self.batchBytes / 2 || confirmed < last.sequence
    }

    /// The registry read the batch and will not have it, now or later: one entry at a time shows which one it is.
    private func isolate(_ entries: [OutboxEntry], _ answer: TransportAnswer) async throws -> Bool {
        rowsPerBatch = 1
        guard entries.count == 1, let entry = entries.first else { return true }
        let text = String(decoding: answer.body.prefix(200), as: UTF8.self)
        logger.error(
            "entry refused by the registry", metadata: ["sequence": "\(entry.sequence)", "answer": "\(text)"])
        try await store.apply([
            .gap(
                Gap(subject: "outbox", from: entry.created, to: entry.created, count: 1, reason: .refusedUpstream)),
            .confirmOutbox(through: entry.sequence),
        ])
        status.refused += 1
        return true
    }

    /// Whether it is the registry itself that cannot read the batch, and not some proxy that answers 400 to everything.
    private static func isRefusal(_ answer: TransportAnswer) -> Bool {
        guard answer.status == 400,
            let document = try? StrictJSON(parsing: answer.body, limits: .init(bytes: 64 * 1_024))
        else { return false }
        return document["error"]?["code"]?.stringValue != nil
    }

    private static func confirmation(in answer: TransportAnswer) throws -> Int64 {
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200 else { throw UplinkError.status(answer.status, path: path, body: text) }
        guard let document = try? StrictJSON(parsing: answer.body, limits: .init(bytes: 64 * 1_024)),
            let through = document["stored_through"]?.integerValue
        else { throw UplinkError.garbage(path: path, expected: "a JSON object with stored_through", found: text) }
        return through
    }
}

/// Outbox entries as the body of one request.
///
///     {"entries":[{"body":{...},"created":"2026-11-23T20:15:03.123Z","kind":"alert","sequence":17}],"version":1}
struct TelemetryBatch {
    private let entries: [OutboxEntry]

    init(_ entries: [OutboxEntry]) { self.entries = entries }

    /// Bodies are JSON already and stand in it as they are.
    var json: [UInt8] {
        var bytes = Array("{\"entries\":[".utf8)
        for (index, entry) in entries.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("{\"body\":".utf8)
            bytes += entry.body
            bytes += Array(
                ",\"created\":\"\(entry.createdText)\",\"kind\":\"\(entry.kind.word)\",\"sequence\":\(entry.sequence)}"
                    .utf8)
        }
        bytes += Array("],\"version\":1}".utf8)
        return bytes
    }
}
