import Plant

/// What is remembered of one tag between two samples: numbers only, some 200 bytes.
struct TagState: Sendable {
    /// Index of its limits.
    var limits: Int32
    /// The batch that touched it last.
    var batch: UInt32 = 0
    // MARK: Silence
    /// Steady time of the last usable value, or of the moment from which one was expected.
    var lastSeen: Int64
    /// The longest pause lately, nanoseconds.
    var pause: Int64 = 0
    /// Whether the last thing stored is a usable value, so that its silence would go unnoticed.
    var isLive = false
    /// Whether it stands in the heap of deadlines.
    var isArmed = false
    var isStale = false
    // MARK: Order
    /// Newest source time; `.min` before the first.
    var newestSource = Int64.min
    var newestDigest: UInt64 = 0
    /// The run of older values that may be a new timeline: its newest one, its beginning on both clocks, its length.
    var olderSource = Int64.min
    var olderStart: Int64 = 0
    var olderStartSteady: Int64 = 0
    var olderCount: UInt8 = 0
    /// How often another value came for the newest time; each newer time takes one off.
    var conflicts: UInt8 = 0
    // MARK: Value
    /// Whether the times below are of the source; else they are steady time of arrival.
    var isSourceTimed = false
    /// The last value that counts as one of the process, and its time.
    var reference = Double.nan
    var referenceTime: Int64 = 0
    /// A value beyond the step from the reference, and how many agree with it.
    var candidate = Double.nan
    var candidateCount: UInt8 = 0
    /// Where the value stands still, since when, and for how many values.
    var anchor = Double.nan
    var anchorTime: Int64 = 0
    var run: UInt32 = 0
    var longestRun: UInt32 = 0
    var seen: UInt32 = 0
    var moves: UInt32 = 0
    var previous = Double.nan
    var beforePrevious = Double.nan
    /// The usual second difference, and the share of late ones that are beyond the limit.
    var usual: Float = 0
    var share: Float = 0
    var isNoisy = false
    // MARK: Counts
    var flagged: UInt32 = 0
    var quality = Quality.good

    /// A rule in numbers: nanoseconds, and what can never be reached where there is no limit.
    struct Limits: Sendable, Hashable {
        var silence = Int64.max
        var learnsSilence = false
        var stillTime = Int64.max
        var stillCount = UInt32.max
        var learnsStillness = false
        var resolution = 0.0
        var noise = Double.infinity
        var learnsNoise = false
        var step = Double.infinity
        /// A nanosecond.
        var rate = Double.infinity
        var future = Int64.max
        var late = Int64.max
        var dropsDuplicates = true
        /// Whether a number is looked at at all.
        var watchesValue = false
        var watchesStillness: Bool { learnsStillness || stillTime < .max || stillCount < .max }
    }

    init(limits: Int32, lastSeen: Int64) {
        self.limits = limits
        self.lastSeen = lastSeen
    }
}

extension TagState.Limits {
    /// A link that polls misses a scan now and then, and says itself what went wrong: this is for when it does not.
    static let scansToStale: Int64 = 3
    static let shortestSilence: Int64 = 5_000_000_000

    /// - Parameter scan: how often the link polls the tag; nil where it does not.
    init(_ rule: WatchRule, scan: Duration?) {
        switch rule.silence {
        case .byScan:
            if let scan {
                let span = scan.wholeNanoseconds.multipliedReportingOverflow(by: Self.scansToStale)
                silence = max(span.overflow ? .max : span.partialValue, Self.shortestSilence)
            }
        case .learned: learnsSilence = true
        case .after(let span): silence = span.wholeNanoseconds
        case .never: break
        }
        switch rule.stillness {
        case .never: break
        case .learned: learnsStillness = true
        case .after(let span): stillTime = span.wholeNanoseconds
        case .values(let count): stillCount = UInt32(clamping: count)
        }
        switch rule.noise {
        case .unlimited: break
        case .learned: learnsNoise = true
        case .limit(let limit): noise = limit
        }
        resolution = rule.resolution
        step = rule.largestStep ?? .infinity
        rate = rule.largestRate.map { $0 / 1e9 } ?? .infinity
        future = rule.future?.wholeNanoseconds ?? .max
        late = rule.late?.wholeNanoseconds ?? .max
        dropsDuplicates = rule.duplicates == .drop
        watchesValue =
            rule.stillness != .never || rule.noise != .unlimited || rule.largestStep != nil || rule.largestRate != nil
    }
}
