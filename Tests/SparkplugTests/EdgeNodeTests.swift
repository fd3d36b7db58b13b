import Plant
import Sparkplug
import Testing

/// The messages of an edge node, read back.
@Suite struct EdgeNodeTests {
    private static let time = WallTime(nanoseconds: 1_700_000_000_123_456_789)
    private static let tags = [
        PublishedTag(id: TagID(rawValue: 3), kind: .number, unit: "degC", device: "press-3", metric: "temperature"),
        PublishedTag(id: TagID(rawValue: 4), kind: .text, unit: "", device: "press-3", metric: "recipe"),
        PublishedTag(id: TagID(rawValue: 5), kind: .number, unit: "", device: nil, metric: "line/speed"),
        PublishedTag(
            id: TagID(rawValue: 6), kind: .waveform(samples: 2, rateHertz: 100), unit: "g", device: "saw", metric: "v"),
    ]
    private static let node = SparkplugNode(group: "Works", edge: "line-3")

    private func sample(_ tag: Int32, _ value: Sample.Value, _ quality: Quality = .good, at seconds: Int64 = 0)
        -> Sample
    {
        let time = Self.time + .seconds(seconds)
        return Sample(
            tag: TagID(rawValue: tag), value: value, quality: quality, sourceTime: time, arrival: time,
            monotonic: MonotonicTime(nanoseconds: 0))
    }

    private func edge() throws -> EdgeNode {
        var edge = EdgeNode(try #require(Self.node))
        edge.replace(tags: Self.tags)
        return edge
    }

    private func read(_ message: SparkplugMessage) throws -> SparkplugPayload {
        var payload = SparkplugPayload()
        try payload.read(message.payload)
        return payload
    }

    @Test func aDeathCarriesTheNumberOfItsBirthAndNoSequence() throws {
        var edge = try edge()
        let death = edge.death(bdSeq: 255, at: Self.time)
        #expect(death.topic == "spBv1.0/Works/NDEATH/line-3")
        let payload = try read(death)
        #expect(payload.sequence == nil)
        #expect(payload.metrics.count == 1)
        #expect(payload.metric(named: "bdSeq")?.value == .integer(255))
        #expect(payload.metric(named: "bdSeq")?.dataType == .int64)
        let birth = try read(try #require(edge.births(bdSeq: 255, latest: [:], at: Self.time).first))
        #expect(birth.metric(named: "bdSeq")?.value == .integer(255))
    }

    @Test func birthsNameEveryMetricOnce() throws {
        var edge = try edge()
        let latest = [
            TagID(rawValue: 3): sample(3, .number(42.5), .bad(.deviceOffline)),
            TagID(rawValue: 4): sample(4, .text("A")),
        ]
        let births = edge.births(bdSeq: 1, latest: latest, at: Self.time)
        #expect(
            births.map(\.topic) == [
                "spBv1.0/Works/NBIRTH/line-3", "spBv1.0/Works/DBIRTH/line-3/press-3", "spBv1.0/Works/DBIRTH/line-3/saw",
            ])
        let payloads = try births.map(read)
        #expect(payloads.map(\.sequence) == [0, 1, 2])
        #expect(payloads.allSatisfy { $0.timestamp == 1_700_000_000_123 })
        #expect(payloads[0].metric(named: "Node Control/Rebirth")?.value == .boolean(false))
        #expect(payloads[0].metric(named: "line/speed")?.value == .null)
        #expect(payloads[0].metric(named: "line/speed")?.dataType == .double)
        let temperature = try #require(payloads[1].metric(named: "temperature"))
        #expect(temperature.value == .double(42.5))
        #expect(temperature.alias == 3)
        #expect(temperature.quality == 0)
        #expect(temperature.unit.flatMap { payloads[1].text($0) } == "degC")
        #expect(temperature.timestamp == 1_700_000_000_123)
        let recipe = try #require(payloads[1].metric(named: "recipe"))
        #expect(payloads[1].reading(of: recipe, as: .string).value == .text("A"))
        #expect(recipe.quality == 192)
        let aliases = payloads.flatMap { $0.metrics.compactMap(\.alias) }
        #expect(Set(aliases).count == Self.tags.count && aliases.count == Self.tags.count)
    }

    @Test func dataGoesByAliasInTheOrderOfEachDevice() throws {
        var edge = try edge()
        _ = edge.births(bdSeq: 1, latest: [:], at: Self.time)
        let messages = edge.data(
            [
                sample(3, .number(1), at: 1), sample(5, .number(2), at: 2), sample(3, .number(3), at: 3),
                sample(99, .number(4), at: 4), sample(6, .waveform([0.5, -1]), at: 5),
                sample(3, .none, .uncertain(.stale), at: 6),
            ], isHistorical: false, at: Self.time)
        #expect(
            messages.map(\.topic) == [
                "spBv1.0/Works/DDATA/line-3/press-3", "spBv1.0/Works/NDATA/line-3", "spBv1.0/Works/DDATA/line-3/saw",
            ])
        let payloads = try messages.map(read)
        #expect(payloads.map(\.sequence) == [3, 4, 5])
        #expect(payloads[0].metrics.map(\.value) == [.double(1), .double(3), .null])
        #expect(payloads[0].metrics.map(\.quality) == [nil, nil, 500])
        #expect(payloads.flatMap(\.metrics).allSatisfy { $0.name == nil && $0.type == 0 && !$0.isHistorical })
        #expect(payloads[2].reading(of: payloads[2].metrics[0], as: .floatArray).value == .waveform([0.5, -1]))
    }

    @Test func lateDataSaysSo() throws {
        var edge = try edge()
        let messages = edge.data([sample(3, .number(1)), sample(3, .number(2))], isHistorical: true, at: Self.time)
        #expect(try read(messages[0]).metrics.map(\.isHistorical) == [true, true])
    }

    @Test func theSequenceGoesRoundAndABirthStartsItAnew() throws {
        var edge = try edge()
        _ = edge.births(bdSeq: 1, latest: [:], at: Self.time)
        var numbers: [UInt64?] = []
        for _ in 0..<255 {
            let message = try #require(edge.data([sample(3, .number(1))], isHistorical: false, at: Self.time).first)
            numbers.append(try read(message).sequence)
        }
        #expect(numbers == (3...255).map { UInt64($0) } + [0, 1])
        #expect(try read(edge.births(bdSeq: 1, latest: [:], at: Self.time)[0]).sequence == 0)
    }

    /// What is sent of a page of samples, and what each tag said last after it.
    private func page(
        _ edge: inout EdgeNode, _ latest: inout [TagID: Sample], _ samples: [Sample]
    ) -> [SparkplugMessage] {
        var messages = edge.revived(by: samples, latest: latest, at: Self.time)
        for sample in samples { latest[sample.tag] = sample }
        messages += edge.data(samples, isHistorical: false, at: Self.time)
        return messages + edge.deaths(after: samples, latest: latest, at: Self.time)
    }

    @Test func aDeviceDiesWhenNobodyAnswersAndIsBornAgainBeforeItsNextValue() throws {
        var edge = try edge()
        var latest = [3: sample(3, .number(1)), 4: sample(4, .text("A"))].reduce(into: [TagID: Sample]()) {
            $0[TagID(rawValue: $1.key)] = $1.value
        }
        _ = edge.births(bdSeq: 1, latest: latest, at: Self.time)
        // One of two metrics is not the device.
        #expect(page(&edge, &latest, [sample(3, .none, .bad(.timedOut))]).map(\.topic.kind) == ["DDATA"])
        let death = page(&edge, &latest, [sample(4, .none, .bad(.timedOut)), sample(5, .number(2))])
        #expect(death.map(\.topic.kind) == ["DDATA", "NDATA", "DDEATH"])
        #expect(death.last?.topic == "spBv1.0/Works/DDEATH/line-3/press-3")
        let payload = try read(try #require(death.last))
        #expect(payload.metrics.isEmpty && payload.timestamp == 1_700_000_000_123 && payload.sequence == 6)
        // The dead say nothing, and do not die twice.
        #expect(page(&edge, &latest, [sample(3, .none, .bad(.notConnected))]).isEmpty)
        // A birth of the edge node leaves them dead.
        #expect(edge.births(bdSeq: 1, latest: latest, at: Self.time).map(\.topic.kind) == ["NBIRTH", "DBIRTH"])
        let back = page(&edge, &latest, [sample(4, .text("B"), .uncertain(.stale))])
        #expect(back.map(\.topic.kind) == ["DBIRTH", "DDATA"])
        #expect(try read(back[0]).metric(named: "recipe")?.value == .null)
        #expect(try read(back[0]).metric(named: "recipe")?.quality == 0)
        // Back and gone again within one page.
        #expect(
            page(&edge, &latest, [sample(4, .none, .bad(.timedOut))]).map(\.topic.kind) == ["DDATA", "DDEATH"])
        #expect(
            page(&edge, &latest, [sample(3, .number(7)), sample(3, .none, .bad(.deviceOffline))]).map(\.topic.kind)
                == ["DBIRTH", "DDATA", "DDEATH"])
    }

    /// A device that answers, if only with refusals and values that are useless, is not dead.
    @Test(arguments: [Quality.bad(.modbusException(2)), .bad(.outOfRange), .bad(.malformed), .uncertain(.stale)])
    func aDeviceThatAnswersIsAlive(_ quality: Quality) throws {
        var edge = try edge()
        var latest: [TagID: Sample] = [:]
        _ = edge.births(bdSeq: 1, latest: latest, at: Self.time)
        let samples = [sample(3, .none, quality), sample(4, .none, quality)]
        #expect(page(&edge, &latest, samples).map(\.topic.kind) == ["DDATA"])
        #expect(edge.births(bdSeq: 1, latest: latest, at: Self.time).count == 3)
    }

    /// A gateway that says that its slave does not answer is as good as the slave's own silence.
    @Test func aDeviceBehindAGatewayDies() throws {
        var edge = try edge()
        var latest: [TagID: Sample] = [:]
        _ = edge.births(bdSeq: 1, latest: latest, at: Self.time)
        let quality = Quality.bad(.modbusException(0x0B))
        let messages = page(&edge, &latest, [sample(3, .none, quality), sample(4, .none, quality)])
        #expect(messages.map(\.topic.kind) == ["DDATA", "DDEATH"])
    }

    @Test func aLongPageIsSeveralMessages() throws {
        var edge = try edge()
        let samples = (0..<1_201).map { sample(3, .number(Double($0))) }
        let payloads = try edge.data(samples, isHistorical: false, at: Self.time).map(read)
        #expect(payloads.map(\.metrics.count) == [500, 500, 201])
        #expect(payloads.flatMap(\.metrics).map(\.value) == (0..<1_201).map { .double(Double($0)) })
    }

    @Test func asksForARebirthAsAHostDoes() throws {
        let command = SparkplugCommand.rebirth(of: try #require(Self.node), at: Self.time)
        #expect(command.topic == "spBv1.0/Works/NCMD/line-3")
        let payload = try read(command)
        #expect(SparkplugCommand.asksForRebirth(payload))
        #expect(payload.metrics.first?.dataType == .boolean)
        // The same value as an independent host sends.
        var other = SparkplugPayload()
        try other.read(try Vectors.payload("ncmd.rebirth"))
        #expect(payload.metrics.map(\.value) == other.metrics.map(\.value))
    }
}

extension String {
    /// Of a topic.
    fileprivate var kind: Substring { split(separator: "/")[2] }
}
