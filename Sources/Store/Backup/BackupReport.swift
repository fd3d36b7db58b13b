package import Plant

/// Something in a store's file that is not as it was written.
package struct StoreFault: Hashable, Sendable, CustomStringConvertible {
    /// A table, `samples`, `structure`, `model file`, or `file`.
    package var place: String
    /// Row or sample, 0 where it is none of these.
    package var row: Int64
    package var reason: String

    package init(place: String, row: Int64, reason: String) {
        self.place = place
        self.row = row
        self.reason = reason
    }

    package var description: String { row == 0 ? "\(place): \(reason)" : "\(place) \(row): \(reason)" }
}

/// What a look at every checksum of a file has found.
package struct CheckReport: Sendable {
    /// Size of the file.
    package var bytes: Int64 = 0
    /// Faults that are named; the rest is only counted.
    static let namedFaults = 1_000

    package var rows: Int64 = 0
    package var samples: Int64 = 0
    package var modelFiles = 0
    /// Of ``StoreFolder``.
    package var otherFiles = 0
    package private(set) var faults: [StoreFault] = []
    package private(set) var faultCount: Int64 = 0
    /// Number of the last sample that the file says it has.
    package var lastSample: Int64 = 0
    /// When the backup was made; nil for a file that is none.
    package var taken: WallTime?
    package var isSound: Bool { faultCount == 0 }

    mutating func add(_ fault: StoreFault) {
        faultCount += 1
        if faults.count < Self.namedFaults { faults.append(fault) }
    }
}

package struct BackupReport: Sendable {
    package var path: String
    package var check: CheckReport
    /// The store lies on the same file system, so that one broken disk takes both.
    package var isOnSameFileSystem: Bool
}

package enum BackupProgress: Sendable {
    case copying(bytes: Int64, of: Int64)
    case checking(bytes: Int64, of: Int64)
}
