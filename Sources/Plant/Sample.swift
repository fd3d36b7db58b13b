/// One value of one tag, as a driver took it from the field.
package struct Sample: Sendable {
    package var tag: TagID
    package var value: Value
    package var quality: Quality
    /// When the source says that it measured; nil when the source gives no time.
    package var sourceTime: WallTime?
    /// When the value reached this box.
    package var arrival: WallTime
    /// The same moment on the clock that never steps.
    package var monotonic: MonotonicTime
    /// How far `arrival` may be believed.
    package var clock: ClockConfidence

    package enum Value: Sendable, Equatable {
        case number(Double)
        /// Samples in the tag's unit, oldest first.
        case waveform([Float])
        /// What no number says: a recipe, a serial number, a state in words.
        case text(String)
        /// Nothing usable came; the quality says why.
        case none
    }

    package init(
        tag: TagID, value: Value, quality: Quality, sourceTime: WallTime? = nil, arrival: WallTime,
        monotonic: MonotonicTime, clock: ClockConfidence = .free
    ) {
        self.tag = tag
        self.value = value
        self.quality = quality
        self.sourceTime = sourceTime
        self.arrival = arrival
        self.monotonic = monotonic
        self.clock = clock
    }

    /// Whether it tells how the tag is now: not where a newer value of the source is there already.
    package var isNews: Bool { quality != .uncertain(.outOfOrder) }

    /// The time to order and join by: the source's where it gave one that can be right, else arrival.
    package var time: WallTime { quality == .uncertain(.wrongClock) ? arrival : sourceTime ?? arrival }
}

/// What identifies one acknowledged-delivery message on its link, so that a redelivery is stored once.
package struct MessageReceipt: Hashable, Sendable {
    /// MQTT packet identifier, 1...65535.
    package var packetID: UInt16
    /// 64-bit digest of topic and payload.
    package var digest: UInt64

    package init(packetID: UInt16, digest: UInt64) {
        self.packetID = packetID
        self.digest = digest
    }
}

/// What a driver hands over in one go: stored in one transaction, all or nothing.
package struct SampleBatch: Sendable {
    /// The link that it came over.
    package var link: String
    package var samples: [Sample]
    /// Receipts of the messages in it that wait for an acknowledgement; empty for polled values.
    package var receipts: [MessageReceipt]

    package init(link: String, samples: [Sample] = [], receipts: [MessageReceipt] = []) {
        self.link = link
        self.samples = samples
        self.receipts = receipts
    }
}

/// Where drivers put samples. Declared here because drivers and store do not know each other.
package protocol SampleSink: Sendable {
    /// Returns when every sample of a batch with receipts is durable (power may fail right after): its messages may be
    /// acknowledged. A batch without receipts, which nobody acknowledges, may become durable later, within the loss contract.
    /// - Throws: when the batch was not taken; the caller must not acknowledge, and may offer it again.
    func store(_ batch: SampleBatch) async throws

    /// The receipts of the latest messages stored for a link, newest last, at most 65,535: what a broker may send again.
    func storedReceipts(link: String) async throws -> [MessageReceipt]

    /// Notes that what a source sent up to now may be missing; how much, nobody knows.
    ///
    /// - Parameter since: nil for the newest sample that is stored.
    func recordLoss(link: String, since: WallTime?) async throws
}
