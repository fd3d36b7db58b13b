import Plant
import Sparkplug

/// What a host application knows of the edge nodes that it hears: which are alive, and what their aliases stand for.
///
/// Belongs to the thread of its link. What it makes of the messages is taken from it: samples, edge nodes that are to be
/// asked for their births, counters.
///
/// - Source: Sparkplug 3.0, 5.8 and 6.4.
final class HostTable {
    /// Edge nodes of one link; a publisher gone wild must not fill the memory.
    static let maxNodes = 1_000
    /// A device that is not born again so long after its node is gone.
    static let deviceBirthLimit: Duration = .seconds(10)
    /// How long after a request for a rebirth the next one is sent: doubled each time, until a birth comes.
    static let rebirthWait: (first: Duration, last: Duration) = (.seconds(5), .seconds(300))
    /// Requests in one go; the others wait for the next second.
    static let maxRebirthsAtOnce = 20

    private let reorder: Duration
    private let hostTags: HostTags
    private var nodes: [SparkplugNode: HostNode] = [:]
    private var payload = SparkplugPayload()
    private var counters = LinkCounters()
    /// What was wrong first with the message that was taken last.
    private var firstFault: (code: String, byte: Int?)?
    private var samples: [Sample] = []

    init(rules: SparkplugRules, tags: any TagLookup, reorder: Duration) {
        hostTags = HostTags(rules: rules, tags: tags)
        self.reorder = reorder
    }

    /// The samples since the last call.
    func takeSamples(into batch: inout SampleBatch) {
        batch.samples += samples
        samples.removeAll(keepingCapacity: true)
    }

    /// What was counted since the last call.
    func takeCounters() -> LinkCounters {
        defer { counters = LinkCounters() }
        counters.add(hostTags.takeCounters())
        return counters
    }

    /// What was wrong with the last message, once; and at which byte, where it is one.
    func takeFault() -> (code: String, byte: Int?)? {
        defer { firstFault = nil }
        return firstFault
    }

    /// Why the last tag was refused, once.
    func takeRefusal() -> String? { hostTags.takeRefusal() }

    /// Metrics that are remembered of an edge node and its devices.
    func slotCount(of node: SparkplugNode) -> Int { nodes[node]?.slots.count ?? 0 }

    // MARK: Messages

    /// Whether a message can be taken without asking for tags: not a birth, and none can follow it out of what is held.
    func takesAtOnce(_ topic: SparkplugTopic) -> Bool {
        switch topic.kind {
        case .nodeBirth, .deviceBirth: false
        case .nodeDeath, .nodeCommand, .deviceCommand: true
        case .nodeData, .deviceData, .deviceDeath: nodes[topic.node]?.order.isWaiting != true
        }
    }

    /// Takes one message of which ``takesAtOnce(_:)``.
    // SAFETY: the bytes are copied or read during the call only.
    func takeAtOnce(_ topic: SparkplugTopic, _ bytes: UnsafeRawBufferPointer, at arrival: HostArrival) {
        guard read(bytes, topic) else { return }
        switch topic.kind {
        case .nodeDeath: takeNodeDeath(topic.node, at: arrival)
        case .nodeData, .deviceData, .deviceDeath:
            switch place(topic, bytes, at: arrival) {
            case .ready: use(topic, at: arrival)
            default: break
            }
        default: break
        }
    }

    /// Takes one message of the namespace.
    ///
    /// - Throws: only when a tag cannot be had now; the message was not taken then.
    // SAFETY: as above; who calls keeps the bytes until this returns.
    func take(_ topic: SparkplugTopic, _ bytes: UnsafeRawBufferPointer, at arrival: HostArrival) async throws {
        guard read(bytes, topic) else { return }
        switch topic.kind {
        case .nodeCommand, .deviceCommand: break
        case .nodeBirth: try await takeNodeBirth(topic.node, at: arrival)
        case .nodeDeath: takeNodeDeath(topic.node, at: arrival)
        case .nodeData, .deviceBirth, .deviceData, .deviceDeath:
            switch place(topic, bytes, at: arrival) {
            case .ready(let messages):
                try await enter(topic, at: arrival)
                for message in messages where again(message) {
                    try await enter(message.topic, at: message.arrival)
                }
            case .gap(let messages): useBeyondGap(messages, of: topic.node)
            case .held, .late, nil: break
            }
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer, _ topic: SparkplugTopic) -> Bool {
        do throws(SparkplugError) {
            try payload.read(bytes)
            return true
        } catch {
            count(error.code, at: error.byte)
            // What it would have said is missing now.
            if nodes[topic.node]?.isAlive == true { wantRebirth(of: topic.node) }
            return false
        }
    }

    /// Reads a message that was held; it was read without a mistake before.
    private func again(_ message: HeldMessage) -> Bool {
        (try? payload.read(message.payload)) != nil
    }

    /// Where the message that has been read stands in the order of its edge node; nil where that edge node is not alive.
    private func place(
        _ topic: SparkplugTopic, _ bytes: UnsafeRawBufferPointer, at arrival: HostArrival
    ) -> SequenceTracker<HeldMessage>.Outcome? {
        guard nodes[topic.node]?.isAlive == true else {
            count("no_birth")
            wantRebirth(of: topic.node)
            return nil
        }
        guard let number = payload.sequence.flatMap(UInt8.init(exactly:)) else {
            count("no_sequence")
            wantRebirth(of: topic.node)
            return nil
        }
        let outcome = nodes[topic.node]?.order.take(number: number) {
            HeldMessage(topic: topic, payload: Array(bytes), arrival: arrival)
        }
        switch outcome {
        case .late: count("late")
        case .held:
            if nodes[topic.node]?.waitingSince == nil { nodes[topic.node]?.waitingSince = arrival.monotonic }
        case .ready, .gap, nil:
            if nodes[topic.node]?.waitingSince != nil, nodes[topic.node]?.order.isWaiting == false {
                nodes[topic.node]?.waitingSince = nil
            }
        }
        return outcome
    }

    /// What came after messages that are lost: values are used, births are asked for again.
    private func useBeyondGap(_ messages: [HeldMessage], of node: SparkplugNode) {
        count("sequence_gap")
        for message in messages where message.topic.kind != .deviceBirth && again(message) {
            use(message.topic, at: message.arrival)
        }
        wantRebirth(of: node)
    }

    /// Uses the payload that has been read.
    private func enter(_ topic: SparkplugTopic, at arrival: HostArrival) async throws {
        if topic.kind == .deviceBirth {
            try await takeDeviceBirth(topic, at: arrival)
        } else {
            use(topic, at: arrival)
        }
    }

    private func use(_ topic: SparkplugTopic, at arrival: HostArrival) {
        if topic.kind == .deviceDeath {
            takeDeviceDeath(topic, at: arrival)
        } else {
            takeData(topic, at: arrival)
        }
    }

    /// Looks after what has waited too long: messages that never came, devices that were not born again.
    func tick(at arrival: HostArrival) {
        for node in Array(nodes.keys) {
            if let since = nodes[node]?.waitingSince, arrival.monotonic - since >= reorder {
                let messages = nodes[node]?.order.giveUp() ?? []
                nodes[node]?.waitingSince = nil
                useBeyondGap(messages, of: node)
            }
            for (name, device) in nodes[node]?.devices ?? [:] {
                guard let due = device.birthDue, due <= arrival.monotonic else { continue }
                endDevice(name, of: node, at: arrival)
            }
        }
    }

    // MARK: Births

    private func takeNodeBirth(_ node: SparkplugNode, at arrival: HostArrival) async throws {
        guard nodes[node] != nil || nodes.count < Self.maxNodes else { return count("too_many_nodes") }
        guard let number = payload.sequence.flatMap(UInt8.init(exactly:)) else { return count("no_sequence") }
        var next = HostNode()
        next.isAlive = true
        next.order = SequenceTracker(after: number)
        if let metric = payload.metric(named: WellKnownMetric.birthDeathSequence),
            case .integer(let bits) = metric.value
        {
            next.bdSeq = bits
        }
        let before = nodes[node]
        // The devices' names stay known until they are born again or have not been for too long.
        next.devices = (before?.devices ?? [:]).mapValues { device in
            HostNode.Device(
                isAlive: device.isAlive, birthDue: device.isAlive ? arrival.monotonic + Self.deviceBirthLimit : nil)
        }
        next.slots = (before?.slots ?? []).filter { $0.device != nil }
        next.nextRebirth = before?.nextRebirth
        try await enter(node, device: nil, into: &next)
        nodes[node] = next
        takeData(SparkplugTopic(.nodeBirth, node), at: arrival)
    }

    private func takeDeviceBirth(_ topic: SparkplugTopic, at arrival: HostArrival) async throws {
        guard let device = topic.device, var next = nodes[topic.node] else { return }
        let aliases = next.aliases.filter { next.slots[$0.value].device == device }.keys
        for alias in aliases { next.aliases[alias] = nil }
        next.devices[device] = HostNode.Device()
        try await enter(topic.node, device: device, into: &next)
        nodes[topic.node] = next
        takeData(topic, at: arrival)
    }

    /// Gives each metric of the birth that has been read its tag.
    private func enter(_ node: SparkplugNode, device: String?, into state: inout HostNode) async throws {
        var names: [String: Int] = [:]
        // Those of the birth before are used again, so that a device that is born for ever needs no more of them.
        var free = state.slots.indices.filter { state.slots[$0].device == device }
        for index in free { state.slots[index].tag = nil }
        for metric in payload.metrics {
            guard let name = payload.path(of: metric) else {
                count("no_name")
                continue
            }
            var slot = HostNode.Slot(tag: nil, type: metric.dataType, device: device)
            if metric.value == .template { slot.template = name }
            let unit = metric.unit.flatMap { payload.text($0) } ?? ""
            if let (tag, definition) = try await hostTags.tag(of: metric, name, unit: unit, node, device) {
                slot.tag = tag
                if case .waveform(let samples, _) = definition.kind { slot.arrayCount = samples }
            }
            let place = free.popLast() ?? state.slots.count
            if place < state.slots.count { state.slots[place] = slot } else { state.slots.append(slot) }
            names[name] = place
            if let alias = metric.alias { state.aliases[alias] = place }
        }
        state.names[device ?? ""] = names
    }

    // MARK: Data

    private func takeData(_ topic: SparkplugTopic, at arrival: HostArrival) {
        guard let state = nodes[topic.node] else { return }
        if let device = topic.device, state.devices[device]?.isAlive != true || state.devices[device]?.birthDue != nil {
            count("no_birth")
            return wantRebirth(of: topic.node)
        }
        let names = state.names[topic.device ?? ""] ?? [:]
        var isUnknown = false
        for metric in payload.metrics {
            let place: Int?
            if let alias = metric.alias {
                place = state.aliases[alias]
                if place == nil { count("unknown_alias") }
            } else {
                let name = payload.path(of: metric) { alias in state.aliases[alias].flatMap { state.slots[$0].template }
                }
                place = name.flatMap { names[$0] }
                if place == nil { count("unknown_metric") }
            }
            guard let place else {
                isUnknown = true
                continue
            }
            // Its sender says that it is not to be kept.
            guard !metric.isTransient, let tag = state.slots[place].tag else { continue }
            append(metric, tag, state.slots[place], at: arrival)
        }
        if isUnknown { wantRebirth(of: topic.node) }
    }

    private func append(_ metric: SparkplugMetric, _ tag: TagID, _ slot: HostNode.Slot, at arrival: HostArrival) {
        var reading = payload.reading(of: metric, as: slot.type)
        if case .waveform(let values) = reading.value, values.count != slot.arrayCount { reading = .bad(.wrongLength) }
        var quality = reading.quality
        if let fault = reading.fault { count(fault.rawValue) }
        let milliseconds = metric.timestamp ?? payload.timestamp
        let time = milliseconds.flatMap(WallTime.init(milliseconds:))
        if milliseconds != nil, time == nil, quality.isGood { quality = .uncertain(.wrongClock) }
        // It belongs into the history; nobody may take it for what the plant does now.
        if metric.isHistorical, quality.isGood { quality = .uncertain(.outOfOrder) }
        samples.append(
            Sample(
                tag: tag, value: reading.value, quality: quality, sourceTime: time, arrival: arrival.wall,
                monotonic: arrival.monotonic, clock: arrival.clock))
    }

    // MARK: Deaths

    private func takeNodeDeath(_ node: SparkplugNode, at arrival: HostArrival) {
        guard let state = nodes[node], state.isAlive else { return }
        let metric = payload.metric(named: WellKnownMetric.birthDeathSequence)
        var number: UInt64?
        if case .integer(let bits)? = metric?.value { number = bits }
        // The will of a connection that has long been followed by another.
        guard number == state.bdSeq else { return count("old_death") }
        end(node, at: arrival)
    }

    private func takeDeviceDeath(_ topic: SparkplugTopic, at arrival: HostArrival) {
        guard let device = topic.device, nodes[topic.node]?.devices[device]?.isAlive == true else { return }
        endDevice(device, of: topic.node, at: arrival)
    }

    private func end(_ node: SparkplugNode, at arrival: HostArrival) {
        nodes[node]?.isAlive = false
        for name in nodes[node]?.devices.keys.sorted() ?? [] {
            nodes[node]?.devices[name] = HostNode.Device(isAlive: false)
        }
        markOffline(nodes[node]?.slots ?? [], at: arrival)
    }

    private func endDevice(_ device: String, of node: SparkplugNode, at arrival: HostArrival) {
        nodes[node]?.devices[device] = HostNode.Device(isAlive: false)
        markOffline((nodes[node]?.slots ?? []).filter { $0.device == device }, at: arrival)
    }

    /// Each tag says so itself: a value that nobody renews must not look good.
    private func markOffline(_ slots: [HostNode.Slot], at arrival: HostArrival) {
        var seen: Set<TagID> = []
        for tag in slots.compactMap(\.tag) where seen.insert(tag).inserted {
            samples.append(
                Sample(
                    tag: tag, value: .none, quality: .bad(.deviceOffline), arrival: arrival.wall,
                    monotonic: arrival.monotonic, clock: arrival.clock))
        }
    }

    // MARK: Rebirths

    /// The connection is new, and the broker has kept nothing for us: what was said meanwhile is missing.
    func lostSession() {
        for node in nodes.keys where nodes[node]?.isAlive == true { wantRebirth(of: node) }
    }

    private func wantRebirth(of node: SparkplugNode) {
        if nodes[node] == nil {
            guard nodes.count < Self.maxNodes else { return count("too_many_nodes") }
            nodes[node] = HostNode()
        }
        nodes[node]?.isRebirthWanted = true
    }

    /// Edge nodes that are to be asked for their births now.
    func takeRebirths(at time: MonotonicTime) -> [SparkplugNode] {
        var due: [SparkplugNode] = []
        for (node, state) in nodes where state.isRebirthWanted && due.count < Self.maxRebirthsAtOnce {
            if let next = state.nextRebirth, next > time { continue }
            due.append(node)
            nodes[node]?.isRebirthWanted = false
            nodes[node]?.nextRebirth = time + state.rebirthWait
            nodes[node]?.rebirthWait = min(state.rebirthWait * 2, Self.rebirthWait.last)
        }
        return due
    }

    private func count(_ fault: String, at byte: Int? = nil) {
        counters.malformed[fault, default: 0] += 1
        if firstFault == nil { firstFault = (fault, byte) }
    }
}
