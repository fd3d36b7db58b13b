import Plant
import Sparkplug

/// What a host knows of one edge node and its devices.
struct HostNode {
    /// Where a metric goes.
    struct Slot {
        var tag: TagID?
        var type: SparkplugDataType
        var device: String?
        /// Of a template, its whole name, which data may leave out beside its alias.
        var template: String?
        /// How many values an array must have.
        var arrayCount: Int?
    }

    struct Device {
        var isAlive = true
        /// Until when a birth must have come, after the node was born again.
        var birthDue: MonotonicTime?
    }

    var isAlive = false
    var bdSeq: UInt64?
    var order = SequenceTracker<HeldMessage>(after: 0)
    /// Since when a message is missing.
    var waitingSince: MonotonicTime?
    var slots: [Slot] = []
    var aliases: [UInt64: Int] = [:]
    /// By device and name; the node's own are under "".
    var names: [String: [String: Int]] = [:]
    var devices: [String: Device] = [:]
    var isRebirthWanted = false
    var nextRebirth: MonotonicTime?
    var rebirthWait = HostTable.rebirthWait.first
}

/// A message that came before one that is missing.
struct HeldMessage {
    var topic: SparkplugTopic
    var payload: [UInt8]
    var arrival: HostArrival
}

/// When a message came.
struct HostArrival {
    var wall: WallTime
    var monotonic: MonotonicTime
    var clock: ClockConfidence
}
