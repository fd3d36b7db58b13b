package import Plant

/// What kind of thing waits to be sent upstream; telemetry is dropped before anything else.
package enum OutboxKind: Int64, Sendable, Hashable, CaseIterable {
    case telemetry = 1
    case alert = 2
    /// Reports of updates, health and configuration.
    case report = 3
}

/// One entry that waits to be sent upstream.
package struct OutboxEntry: Sendable, Hashable {
    /// Grows by one an entry over the life of the box; a number that is missing is explained by a gap.
    package var sequence: Int64
    package var kind: OutboxKind
    package var body: [UInt8]
    package var created: WallTime
}

/// What waits, and what has been dropped, of one kind.
package struct OutboxTotals: Sendable, Hashable {
    package var rows: Int64 = 0
    package var bytes: Int64 = 0
    package var droppedRows: Int64 = 0
    package var droppedBytes: Int64 = 0

    package init(rows: Int64 = 0, bytes: Int64 = 0, droppedRows: Int64 = 0, droppedBytes: Int64 = 0) {
        self.rows = rows
        self.bytes = bytes
        self.droppedRows = droppedRows
        self.droppedBytes = droppedBytes
    }
}
