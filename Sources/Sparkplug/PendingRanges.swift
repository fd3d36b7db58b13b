/// Which of the store's samples have not reached the host: what was stored while it was away, and what comes now.
///
/// Samples beyond ``live`` are new; those in ``late`` are sent as historical. Written into the store as text, so that a
/// restart goes on where it was.
package struct PendingRanges: Hashable, Sendable {
    /// Stretches kept at most. Two are joined beyond: what lies between is then sent twice, and nothing is left out.
    package static let maxRanges = 32

    /// Every number up to here is sent, or stands in ``late``.
    package private(set) var live: Int64
    /// Oldest first, each with its first and its last number.
    package private(set) var late: [ClosedRange<Int64>]

    package init(live: Int64, late: [ClosedRange<Int64>] = []) {
        self.live = live
        self.late = late
    }

    package var isEmpty: Bool { late.isEmpty }

    /// Everything up to here is sent.
    package var sentThrough: Int64 { late.first.map { $0.lowerBound - 1 } ?? live }

    /// How many numbers wait; of these are also samples of tags that are not published.
    package var count: Int64 { late.reduce(0) { $0 + $1.upperBound - $1.lowerBound + 1 } }

    /// The host is there again: what was stored up to `newest` is no longer new.
    package mutating func begin(at newest: Int64) {
        guard newest > live else { return }
        if let last = late.last, last.upperBound == live {
            late[late.count - 1] = last.lowerBound...newest
        } else {
            late.append(live + 1...newest)
        }
        live = newest
        while late.count > Self.maxRanges {
            let gaps = (1..<late.count).map { late[$0].lowerBound - late[$0 - 1].upperBound }
            guard let smallest = gaps.indices.min(by: { gaps[$0] < gaps[$1] }) else { return }
            late[smallest] = late[smallest].lowerBound...late[smallest + 1].upperBound
            late.remove(at: smallest + 1)
        }
    }

    /// Everything up to a number has been sent as it came.
    package mutating func sentLive(through id: Int64) { live = max(live, id) }

    /// The oldest stretch has been sent up to a number.
    package mutating func sentLate(through id: Int64) {
        guard let first = late.first else { return }
        if id >= first.upperBound {
            late.removeFirst()
        } else if id >= first.lowerBound {
            late[0] = id + 1...first.upperBound
        }
    }

    /// `1200;3-17,800-900`.
    package var text: String {
        "\(live);" + late.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    /// - Returns: nil for a text of another form.
    package init?(text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count == 2, let live = Int64(parts[0]) else { return nil }
        var late: [ClosedRange<Int64>] = []
        for part in parts[1].split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int64($0) }
            guard ends.count == 2, ends[0] <= ends[1], ends[0] > (late.last?.upperBound ?? 0), ends[1] <= live else {
                return nil
            }
            late.append(ends[0]...ends[1])
        }
        self.init(live: live, late: late)
    }
}
