package import Plant

/// A span in which something that should have been stored or sent is missing.
package struct Gap: Sendable, Hashable {
    /// What is missing: `link:<name>`, `tag:<name>`, `outbox`; `samples` of any tag; `rollups`; `reader:<name>` for
    /// samples that were dropped before that part of the program had read them.
    package var subject: String
    package var from: WallTime
    package var to: WallTime
    /// Samples or entries missing; 0 where nobody can know.
    package var count: Int64
    package var reason: Reason

    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// No room on the disk; the values came only once.
        case diskFull = "disk_full"
        /// No room on the disk; the messages were not acknowledged, so that the broker sends them again.
        case diskFullNotAcknowledged = "disk_full_not_acknowledged"
        /// No room on the disk; the oldest samples gave way to new ones.
        case diskFullOldest = "disk_full_oldest"
        /// More waited to be sent upstream than may wait.
        case outboxFull = "outbox_full"
        /// A queue before the store overflowed.
        case queueFull = "queue_full"
        /// The registry will never take the entry.
        case refusedUpstream = "refused_upstream"
        /// A broker did not keep the session in which it should have kept what came while we were away.
        case sessionLost = "session_lost"
        /// Rows were damaged on the disk.
        case damaged
        /// A backup was put in the store's place: what came after it was made is not there.
        case restored
        /// Retention dropped it before a reader by number had it.
        case droppedUnread = "dropped_unread"
    }

    package init(subject: String, from: WallTime, to: WallTime, count: Int64, reason: Reason) {
        self.subject = subject
        self.from = from
        self.to = to
        self.count = count
        self.reason = reason
    }
}
