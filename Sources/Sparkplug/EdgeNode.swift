package import Plant

/// One of our tags as a metric of an edge node or of one of its devices.
package struct PublishedTag: Hashable, Sendable {
    package var id: TagID
    package var kind: TagDefinition.Kind
    package var unit: String
    /// nil for a metric of the edge node itself.
    package var device: String?
    /// Unique in its device.
    package var metric: String

    package init(id: TagID, kind: TagDefinition.Kind, unit: String, device: String?, metric: String) {
        self.id = id
        self.kind = kind
        self.unit = unit
        self.device = device
        self.metric = metric
    }

    var type: SparkplugDataType {
        switch kind {
        case .number: .double
        case .text: .string
        case .waveform: .floatArray
        }
    }

    /// Numbers of tags are never given twice, so that an alias means the same for ever.
    var alias: UInt64 { UInt64(UInt32(bitPattern: id.rawValue)) }
}

/// A message that is ready to go out.
package struct SparkplugMessage: Hashable, Sendable {
    package var topic: String
    package var payload: [UInt8]
}

/// Makes the messages of an edge node: births, data, deaths, and their numbers.
///
/// - Source: Sparkplug 3.0, 5.4 to 5.7 and 6.4.
package struct EdgeNode {
    /// Metrics of one data message: some 10 kB.
    package static let maxMetricsPerMessage = 500
    /// Values of waveforms in one data message: 1 MiB of floats.
    private static let maxFloatsPerMessage = 262_144

    package let node: SparkplugNode
    package private(set) var tags: [TagID: PublishedTag] = [:]
    /// In the order in which they are born.
    private var devices: [String] = []
    private var ordered: [PublishedTag] = []
    /// By device, in the order of their metrics.
    private(set) var members: [String: [PublishedTag]] = [:]
    /// Devices of which nothing is published until they are born again.
    var dead: Set<String> = []
    private var sequence: UInt8 = 0
    private var writer = SparkplugWriter()

    package init(_ node: SparkplugNode) { self.node = node }

    /// What is published from the next birth on.
    package mutating func replace(tags: [PublishedTag]) {
        ordered = tags.sorted { ($0.device ?? "", $0.metric) < ($1.device ?? "", $1.metric) }
        self.tags = Dictionary(ordered.map { ($0.id, $0) }) { first, _ in first }
        members = Dictionary(grouping: ordered.filter { $0.device != nil }) { $0.device ?? "" }
        devices = members.keys.sorted()
    }

    // MARK: Death

    /// NDEATH: the connection's will, and what is said before a connection is ended on purpose.
    package mutating func death(bdSeq: UInt8, at time: WallTime) -> SparkplugMessage {
        let metric = SparkplugWriter.Metric(
            name: WellKnownMetric.birthDeathSequence, timestamp: time.milliseconds, type: .int64,
            value: .int64(Int64(bdSeq)))
        return SparkplugMessage(
            topic: SparkplugTopic(.nodeDeath, node).text,
            payload: writer.payload(timestamp: time.milliseconds, sequence: nil, metrics: [metric]))
    }

    // MARK: Birth

    /// NBIRTH and a DBIRTH for each device that is not dead, numbered from 0.
    ///
    /// - Parameter latest: what each tag said last; a tag without an entry is born without a value.
    package mutating func births(bdSeq: UInt8, latest: [TagID: Sample], at time: WallTime) -> [SparkplugMessage] {
        sequence = 0
        let now = time.milliseconds
        var metrics = [
            SparkplugWriter.Metric(
                name: WellKnownMetric.birthDeathSequence, timestamp: now, type: .int64, value: .int64(Int64(bdSeq))),
            SparkplugWriter.Metric(
                name: WellKnownMetric.rebirth, timestamp: now, type: .boolean, value: .boolean(false)),
        ]
        metrics += ordered.filter { $0.device == nil }.map { Self.birth(of: $0, latest[$0.id], at: now) }
        var messages = [message(.nodeBirth, device: nil, metrics, at: time)]
        dead = Set(devices.filter { isDead($0, latest: latest) })
        for device in devices where !dead.contains(device) {
            messages.append(birth(of: device, latest: latest, at: time))
        }
        return messages
    }

    mutating func birth(of device: String, latest: [TagID: Sample], at time: WallTime) -> SparkplugMessage {
        let metrics = (members[device] ?? []).map { Self.birth(of: $0, latest[$0.id], at: time.milliseconds) }
        return message(.deviceBirth, device: device, metrics, at: time)
    }

    private static func birth(of tag: PublishedTag, _ sample: Sample?, at now: UInt64) -> SparkplugWriter.Metric {
        SparkplugWriter.Metric(
            name: tag.metric, alias: tag.alias, timestamp: sample?.time.milliseconds ?? now, type: tag.type,
            value: sample.map { value(of: $0, tag) } ?? .null, quality: sample?.quality ?? .bad(.notConnected),
            unit: tag.unit.isEmpty ? nil : tag.unit)
    }

    // MARK: Data

    /// NDATA and DDATA for samples in the order of the store; those of tags that are not published are left out, and those of dead
    /// devices, which say no more than the death has said.
    package mutating func data(_ samples: [Sample], isHistorical: Bool, at time: WallTime) -> [SparkplugMessage] {
        var open: [String?: (metrics: [SparkplugWriter.Metric], floats: Int)] = [:]
        var order: [String?] = []
        var messages: [SparkplugMessage] = []
        for sample in samples {
            guard let tag = tags[sample.tag], tag.device.map(dead.contains) != true else { continue }
            let metric = SparkplugWriter.Metric(
                alias: tag.alias, timestamp: sample.time.milliseconds, isHistorical: isHistorical,
                value: Self.value(of: sample, tag), quality: sample.quality.isGood ? nil : sample.quality)
            if open[tag.device] == nil { order.append(tag.device) }
            open[tag.device, default: ([], 0)].metrics.append(metric)
            if case .waveform(let floats) = sample.value { open[tag.device]?.floats += floats.count }
            if let full = open[tag.device],
                full.metrics.count >= Self.maxMetricsPerMessage || full.floats >= Self.maxFloatsPerMessage
            {
                messages.append(data(of: tag.device, full.metrics, at: time))
                open[tag.device] = ([], 0)
            }
        }
        for device in order {
            guard let rest = open[device], !rest.metrics.isEmpty else { continue }
            messages.append(data(of: device, rest.metrics, at: time))
        }
        return messages
    }

    private mutating func data(
        of device: String?, _ metrics: [SparkplugWriter.Metric], at time: WallTime
    ) -> SparkplugMessage {
        message(device == nil ? .nodeData : .deviceData, device: device, metrics, at: time)
    }

    mutating func message(
        _ kind: SparkplugTopic.Kind, device: String?, _ metrics: [SparkplugWriter.Metric], at time: WallTime
    ) -> SparkplugMessage {
        defer { sequence &+= 1 }
        return SparkplugMessage(
            topic: SparkplugTopic(kind, node, device: device).text,
            payload: writer.payload(timestamp: time.milliseconds, sequence: sequence, metrics: metrics))
    }

    private static func value(of sample: Sample, _ tag: PublishedTag) -> SparkplugWriter.Metric.Value {
        switch (sample.value, tag.kind) {
        case (.number(let number), .number) where number.isFinite: .double(number)
        case (.text(let text), .text): .text(text)
        case (.waveform(let floats), .waveform): .floats(floats)
        default: .null
        }
    }
}

extension WallTime {
    /// As Sparkplug counts; a clock before 1970 says 1970.
    package var milliseconds: UInt64 { UInt64(max(0, nanoseconds / 1_000_000)) }

    /// - Returns: nil beyond the year 2262.
    package init?(milliseconds: UInt64) {
        guard let signed = Int64(exactly: milliseconds) else { return nil }
        let (product, overflow) = signed.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return nil }
        self.init(nanoseconds: product)
    }
}
