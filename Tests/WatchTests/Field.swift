import Plant
import Watch

/// A source of samples for one watch, on clocks that are wound by hand.
struct Field {
    static let tag = TagID(rawValue: 7)
    static let start = WallTime(nanoseconds: 1_800_000_000_000_000_000)

    var watch: TagWatch
    var wall = Field.start
    var steady = MonotonicTime(nanoseconds: 5_000_000_000)
    var clock = ClockConfidence.synchronized
    /// What the last batch changed.
    var undo: TagWatch.Undo?

    init(_ rule: WatchRule = WatchRule(), scan: Duration? = nil) {
        let name = "a.b"
        watch = TagWatch(rules: Self.rules(rule), scans: scan.map { [name: $0] } ?? [:])
        watch.watch(Self.tag, name: name, at: steady)
    }

    /// One rule for every tag.
    static func rules(_ rule: WatchRule) -> WatchRules {
        WatchRules([WatchRules.Entry(patterns: [TagPattern("*")].compactMap(\.self), rule: rule)])
    }

    mutating func pass(_ span: Duration) {
        wall = wall + span
        steady = steady + span
    }

    func sample(
        _ value: Sample.Value, quality: Quality = .good, source: WallTime? = nil, tag: TagID = Field.tag
    ) -> Sample {
        Sample(tag: tag, value: value, quality: quality, sourceTime: source, arrival: wall, monotonic: steady)
    }

    /// - Returns: what is stored of the samples.
    mutating func send(_ samples: [Sample]) -> [Sample] {
        var batch = SampleBatch(link: "link", samples: samples)
        undo = watch.look(at: &batch, clock: clock)
        return batch.samples
    }

    /// - Returns: the quality with which the value is stored; nil when it is left out.
    mutating func send(_ value: Double, quality: Quality = .good, source: WallTime? = nil) -> Quality? {
        send([sample(.number(value), quality: quality, source: source)]).first?.quality
    }

    /// One value a second.
    mutating func play(_ values: some Sequence<Double>) -> [Quality?] {
        values.map { value in
            pass(.seconds(1))
            return send(value)
        }
    }

    mutating func silent() -> [TagWatch.Silence] { watch.silentTags(at: steady) }

    /// Lets time pass as the daemon does: with a look at the deadlines every half second.
    mutating func wait(_ span: Duration) -> [TagWatch.Silence] {
        var silent: [TagWatch.Silence] = []
        for _ in 0..<Int(span / .milliseconds(500)) {
            pass(.milliseconds(500))
            silent += self.silent()
        }
        return silent
    }

    var found: [String: Int] { watch.found["link"]?.found ?? [:] }
}

extension Quality? {
    static let stuck = Quality?.some(.uncertain(.stuck))
    static let noisy = Quality?.some(.uncertain(.noisy))
    static let older = Quality?.some(.uncertain(.outOfOrder))
    static let fine = Quality?.some(.good)
}
