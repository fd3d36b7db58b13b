package import Plant
package import Sparkplug

/// Where an edge node gets what it publishes; the daemon lays the store behind it.
package protocol EdgeSource: Sendable {
    /// Every tag that there is now, and as what it is published.
    func tags() async throws -> EdgeTags
    /// What a tag said last; nil when it has said nothing that is kept.
    func latest(_ tag: TagID) async throws -> Sample?
    /// Number of the newest sample.
    func newest() async throws -> Int64
    /// Samples with numbers above `id`, in order, at most `limit`.
    func samples(after id: Int64, limit: Int) async throws -> EdgePage
    /// What ``save(_:)`` has kept; all of it nil at the first start.
    func progress() async throws -> EdgeProgress
    /// Returns when it is durable.
    func save(_ progress: EdgeProgress) async throws
}

package struct EdgeTags: Sendable {
    package var published: [PublishedTag]
    /// Those that are not published too: a number that is not among them is of a tag that is new.
    package var known: Set<TagID>
    /// For tags of which not every value is sent.
    package var thinning: [TagID: Thinning.Rule]

    package init(published: [PublishedTag], known: Set<TagID>, thinning: [TagID: Thinning.Rule] = [:]) {
        self.published = published
        self.known = known
        self.thinning = thinning
    }
}

package struct EdgePage: Sendable {
    package var samples: [Sample]
    /// Of the samples, one each.
    package var numbers: [Int64]
    /// Every number up to here was looked at.
    package var through: Int64
    /// Nothing more was stored when this was read.
    package var isEnd: Bool

    package init(samples: [Sample], numbers: [Int64], through: Int64, isEnd: Bool) {
        self.samples = samples
        self.numbers = numbers
        self.through = through
        self.isEnd = isEnd
    }
}

/// What an edge node must know after a restart.
package struct EdgeProgress: Hashable, Sendable {
    /// Number of the last connection.
    package var bdSeq: UInt8?
    package var pending: PendingRanges?

    package init(bdSeq: UInt8? = nil, pending: PendingRanges? = nil) {
        self.bdSeq = bdSeq
        self.pending = pending
    }
}

/// How the edge node is, for `status`.
package struct EdgeStatus: Sendable {
    package enum State: String, Sendable {
        case stopped, connecting, waiting
        /// Connected, and the primary host is not there.
        case waitingForHost = "waiting for the primary host"
        case online
    }

    package var state = State.stopped
    /// nil when no primary host is configured.
    package var isHostOnline: Bool?
    package var bdSeq: UInt8?
    package var births = 0
    package var rebirths = 0
    /// Samples that were sent as they came, and later.
    package var published = 0
    package var historical = 0
    /// Numbers of the store that are still to be sent later.
    package var pending = 0
    package var reconnects = 0
    /// Devices that died while the edge node lived.
    package var deviceDeaths = 0
    /// Which one of several is in use.
    package var broker: String?
    package var commandsRefused = 0
    package var lastError: String?

    package init() {}
}
