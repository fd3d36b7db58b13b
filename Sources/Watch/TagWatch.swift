package import Plant

/// Looks at every sample between driver and store: lowers its quality where something is wrong, never raises it, leaves out
/// what is there twice, and says which tags have fallen silent.
///
/// Arithmetic only: the caller hands in the time, and holds the lock. Tags are told apart by their numbers, which are small
/// and dense; those that nobody has named are let through as they are.
package struct TagWatch: Sendable {
    /// One tag more than a plant has would be a mistake of the caller; the store gives no larger numbers.
    private static let tagLimit: Int32 = 1_000_000
    /// A longer time between two looks at the deadlines was no time of the sensors: the machine slept, or the daemon.
    private static let longestAbsence = Duration.seconds(3)
    /// A tag that talks when it likes is heard this often before its silence means something.
    private static let pausesToLearn: UInt32 = 16

    private var rules: WatchRules
    private var scans: [String: Duration]
    private var limits: [TagState.Limits] = []
    private var limitIndices: [TagState.Limits: Int32] = [:]
    /// Place of a tag's state by its number, -1 for none.
    private var places: [Int32] = []
    private var states: [TagState] = []
    private var tags: [(id: TagID, name: String, link: Int32)] = []
    private var links: [String] = []
    private var counts: [WatchCounts] = []
    private var deadlines = StaleHeap()
    private var lastLook: MonotonicTime?
    private var batchNumber: UInt32 = 0

    /// What a batch has changed, for ``undo(_:)``.
    package struct Undo: Sendable {
        fileprivate var states: [(place: Int, state: TagState)] = []
        fileprivate var link = 0
        fileprivate var counts = WatchCounts()
    }

    /// A tag that has fallen silent.
    package struct Silence: Hashable, Sendable {
        package var link: String
        package var tag: TagID

        package init(link: String, tag: TagID) {
            self.link = link
            self.tag = tag
        }
    }

    /// - Parameter scans: how often the links poll their tags, by name.
    package init(rules: WatchRules = WatchRules(), scans: [String: Duration] = [:]) {
        self.rules = rules
        self.scans = scans
    }

    // MARK: Tags

    /// Takes changed rules; what is remembered of a tag stays.
    ///
    /// - Parameter isExpected: whether one of the links still brings the tag; the others fall silent for good.
    package mutating func configure(
        rules: WatchRules, scans: [String: Duration], at now: MonotonicTime, isExpected: (String) -> Bool
    ) {
        (self.rules, self.scans) = (rules, scans)
        (limits, limitIndices) = ([], [:])
        deadlines.removeAll()
        for place in states.indices {
            states[place].limits = limitsIndex(tags[place].name)
            states[place].isArmed = false
            guard isExpected(tags[place].name) else {
                states[place].isLive = false
                continue
            }
            arm(place)
        }
    }

    /// Makes room for so many tags: growing step by step takes up to twice as much.
    package mutating func reserve(tags count: Int) {
        states.reserveCapacity(count)
        tags.reserveCapacity(count)
    }

    /// Watches a tag from now on; one that is watched already goes on as it was, under its new name if it has one.
    package mutating func watch(_ id: TagID, name: String, at now: MonotonicTime) {
        guard (0..<Self.tagLimit).contains(id.rawValue) else { return }
        while places.count <= Int(id.rawValue) { places.append(-1) }
        guard places[Int(id.rawValue)] < 0 else { return }
        let place = states.count
        places[Int(id.rawValue)] = Int32(place)
        tags.append((id, name, -1))
        states.append(TagState(limits: limitsIndex(name), lastSeen: now.nanoseconds))
        // One that never speaks is silent, too.
        states[place].isLive = true
        arm(place)
    }

    private mutating func limitsIndex(_ name: String) -> Int32 {
        let one = TagState.Limits(rules.rule(for: name), scan: scans[name])
        if let known = limitIndices[one] { return known }
        limits.append(one)
        limitIndices[one] = Int32(limits.count - 1)
        return Int32(limits.count - 1)
    }

    // MARK: Samples

    /// Looks at each sample of a batch before it is stored.
    ///
    /// - Parameter clock: how far our clock may be believed; each sample carries it from here on.
    /// - Returns: what makes this undone when the batch is not stored.
    package mutating func look(at batch: inout SampleBatch, clock: ClockConfidence) -> Undo {
        batchNumber &+= 1
        var undo = Undo()
        undo.link = linkIndex(batch.link)
        undo.states.reserveCapacity(min(batch.samples.count, states.count))
        var dropped = 0
        for index in batch.samples.indices {
            batch.samples[index].clock = clock
            let place = place(batch.samples[index].tag)
            guard place >= 0 else { continue }
            if states[place].batch != batchNumber {
                undo.states.append((place, states[place]))
                states[place].batch = batchNumber
                tags[place].link = Int32(undo.link)
            }
            let limits = limits[Int(states[place].limits)]
            let flag = Self.look(at: &batch.samples[index], &states[place], limits, clock)
            if !states[place].isArmed { arm(place) }
            guard let flag else { continue }
            undo.counts.add(flag)
            if flag == .duplicate { dropped += 1 }
        }
        counts[undo.link].add(undo.counts)
        if dropped > 0 { batch.samples.removeAll { $0.quality == Self.leftOut } }
        return undo
    }

    /// Forgets a batch that was not stored, and will come again; that its tags have spoken stays.
    package mutating func undo(_ undo: Undo) {
        for (place, old) in undo.states {
            var state = old
            // Its deadline stands where it stood.
            (state.lastSeen, state.isArmed) = (states[place].lastSeen, states[place].isArmed)
            state.limits = states[place].limits
            states[place] = state
        }
        counts[undo.link].subtract(undo.counts)
    }

    /// Marks a sample that is to be left out; no quality of a real sample.
    private static let leftOut = Quality.bad(.init(rawValue: .max))

    private static func look(
        at sample: inout Sample, _ state: inout TagState, _ limits: TagState.Limits, _ clock: ClockConfidence
    ) -> WatchFlag? {
        let order = state.place(sample, limits, clock)
        switch order {
        case .duplicate:
            state.lastSeen = sample.monotonic.nanoseconds
            sample.quality = leftOut
            return .duplicate
        case .older, .conflict:
            state.lastSeen = sample.monotonic.nanoseconds
            state.flagged &+= 1
            sample.lower(to: .outOfOrder, replacing: true)
            return .outOfOrder
        case .inOrder, .newTimeline, .wrongClock: break
        }
        if order == .newTimeline { state.restartTimes() }
        if case .bad = sample.quality {
            // A time that cannot be right would put it where nobody looks.
            if order == .wrongClock { sample.sourceTime = nil }
            (state.isLive, state.isStale, state.quality) = (false, false, sample.quality)
            return order == .wrongClock ? .wrongClock : nil
        }
        // A value of any age, as the driver says, is no sign of life.
        if sample.quality != .uncertain(.stale) { state.hear(sample.monotonic.nanoseconds) }
        var flag = order == .newTimeline ? WatchFlag.newTimeline : nil
        let isRight = order != .wrongClock
        switch sample.value {
        case .number(let value) where limits.watchesValue && value.isFinite:
            let source = isRight ? sample.sourceTime?.nanoseconds : nil
            flag = state.judge(value, steady: sample.monotonic.nanoseconds, source: source, limits) ?? flag
        case .waveform(let values): flag = state.judge(values, limits) ?? flag
        default: break
        }
        switch flag {
        case .stuck: sample.lower(to: .stuck)
        case .noisy, .jump: sample.lower(to: .noisy)
        default: break
        }
        if !isRight {
            sample.lower(to: .wrongClock, replacing: true)
            flag = .wrongClock
        } else if clock == .synchronized, let source = sample.sourceTime,
            sample.arrival.nanoseconds - source.nanoseconds > limits.late
        {
            sample.lower(to: .stale, replacing: true)
            flag = .late
        }
        if let flag, flag != .newTimeline { state.flagged &+= 1 }
        state.quality = sample.quality
        return flag
    }

    // MARK: Silence

    /// The tags whose time is over since the last look, each once until it speaks again.
    ///
    /// To be called about twice a second. The time in which nobody called is no time: after a sleep, every tag has its
    /// whole span again.
    package mutating func silentTags(at now: MonotonicTime) -> [Silence] {
        defer { lastLook = now }
        if let lastLook, now - lastLook > Self.longestAbsence {
            let absence = (now - lastLook).wholeNanoseconds
            for place in states.indices where states[place].lastSeen <= lastLook.nanoseconds {
                states[place].lastSeen += absence
            }
        }
        var silent: [Silence] = []
        while let place = deadlines.pop(by: now.nanoseconds) {
            states[place].isArmed = false
            guard states[place].isLive else { continue }
            let (due, isPast) = states[place].lastSeen.addingReportingOverflow(silence(of: place))
            if isPast { continue }
            if due > now.nanoseconds {
                states[place].isArmed = true
                deadlines.push(place, due: due)
                continue
            }
            (states[place].isLive, states[place].isStale) = (false, true)
            states[place].quality = .bad(.stale)
            states[place].flagged &+= 1
            let link = max(0, Int(tags[place].link))
            if counts.isEmpty { _ = linkIndex("") }
            counts[link].add(.stale)
            silent.append(Silence(link: links[link], tag: tags[place].id))
        }
        return silent
    }

    /// Takes back that tags were reported silent: the store did not take it, and the next look reports them again.
    package mutating func remind(_ silent: [Silence]) {
        for one in silent {
            let place = place(one.tag)
            guard place >= 0, states[place].isStale else { continue }
            (states[place].isLive, states[place].isStale) = (true, false)
            states[place].flagged &-= 1
            counts[max(0, Int(tags[place].link))].subtract(WatchCounts(.stale))
            arm(place)
        }
    }

    /// Puts a deadline for a tag that is expected to speak.
    private mutating func arm(_ place: Int) {
        guard states[place].isLive else { return }
        let (due, isPast) = states[place].lastSeen.addingReportingOverflow(silence(of: place))
        guard !isPast, due < .max else { return }
        states[place].isArmed = true
        deadlines.push(place, due: due)
    }

    private func silence(of place: Int) -> Int64 {
        let limits = limits[Int(states[place].limits)]
        guard limits.learnsSilence else { return limits.silence }
        guard states[place].seen >= Self.pausesToLearn else { return .max }
        return max(TagState.Limits.shortestSilence, 3 &* min(states[place].pause, .max / 4))
    }

    private func place(_ tag: TagID) -> Int {
        let index = Int(tag.rawValue)
        return index >= 0 && index < places.count ? Int(places[index]) : -1
    }

    private mutating func linkIndex(_ link: String) -> Int {
        if let known = links.firstIndex(of: link) { return known }
        links.append(link)
        counts.append(WatchCounts())
        return links.count - 1
    }
}

// MARK: What was found

extension TagWatch {
    /// A tag with what was found wrong with its samples.
    package struct TagReport: Hashable, Sendable {
        package var name: String
        package var link: String
        package var flags: Int
        package var quality: Quality
        /// Since the last usable value.
        package var age: Duration
    }

    /// What one tag takes, but for its name.
    package static var bytesPerTag: Int {
        MemoryLayout<TagState>.stride + MemoryLayout<(id: TagID, name: String, link: Int32)>.stride
            + MemoryLayout<Int32>.stride
    }

    package var watchedTags: Int { states.count }
    /// Tags that are silent now.
    package var silentNow: Int { states.count { $0.isStale } }

    /// What was found on each link.
    package var found: [String: WatchCounts] { Dictionary(zip(links, counts)) { first, _ in first } }

    /// The tags with most flags, those of a flag now first.
    package func worst(_ limit: Int, at now: MonotonicTime) -> [TagReport] {
        let places = states.indices.filter { states[$0].flagged > 0 }.sorted { a, b in
            let (first, second) = (states[a], states[b])
            if first.quality.isGood != second.quality.isGood { return second.quality.isGood }
            return first.flagged != second.flagged ? first.flagged > second.flagged : tags[a].name < tags[b].name
        }
        return places.prefix(limit).map { place in
            TagReport(
                name: tags[place].name, link: tags[place].link < 0 ? "" : links[Int(tags[place].link)],
                flags: Int(states[place].flagged), quality: states[place].quality,
                age: max(.zero, now - MonotonicTime(nanoseconds: states[place].lastSeen)))
        }
    }
}

extension TagState {
    /// A usable value came.
    fileprivate mutating func hear(_ now: Int64) {
        let gap = max(0, now - lastSeen)
        // An outage is no pause: it may at most make the tag four times as slow as it was.
        if seen > 0 { pause = max(pause > 0 ? min(gap, pause &* 4) : gap, pause - min(pause / 64, gap)) }
        lastSeen = now
        (isLive, isStale) = (true, false)
        seen += 1
        if seen >= Self.memoryCount { (seen, moves) = (seen / 2, moves / 2) }
    }
}

extension Sample {
    /// - Parameter isStronger: whether the cause takes the place of one that the driver gave.
    fileprivate mutating func lower(to cause: Quality.Cause, replacing isStronger: Bool = false) {
        switch quality {
        case .good: quality = .uncertain(cause)
        case .uncertain where isStronger: quality = .uncertain(cause)
        case .uncertain, .bad: break
        }
    }
}
