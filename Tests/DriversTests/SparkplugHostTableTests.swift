import Plant
import Sparkplug
import TestBench
import Testing

@testable import Drivers

/// What a host makes of messages, without a broker.
@Suite struct SparkplugHostTableTests {
    /// A host table, an edge node with one device, and a clock.
    private final class Bench {
        let tags = TagRegister()
        let clock = ManualClock()
        let table: HostTable
        var edge: EdgeNode
        var batch = SampleBatch(link: "test")
        let node: SparkplugNode

        init(rules: SparkplugRules? = nil) throws {
            node = try #require(SparkplugNode(group: "Works", edge: "line 3"))
            edge = EdgeNode(node)
            edge.replace(tags: [
                PublishedTag(id: TagID(rawValue: 30), kind: .number, unit: "rpm", device: nil, metric: "speed"),
                PublishedTag(
                    id: TagID(rawValue: 31), kind: .number, unit: "degC", device: "press", metric: "Motor 1/Temp"),
                PublishedTag(id: TagID(rawValue: 32), kind: .text, unit: "", device: "press", metric: "recipe"),
            ])
            let rules =
                try rules
                ?? SparkplugRules(
                    filters: [SparkplugRules.Filter()], named: [],
                    nodeTag: TagTemplate("{1}/{2}/{3}", wildcards: 3),
                    deviceTag: TagTemplate("{1}/{2}/{3}/{4}", wildcards: 4))
            table = HostTable(rules: rules, tags: tags, reorder: .seconds(2))
        }

        func take(_ message: SparkplugMessage) async throws { try await take(message.topic, message.payload) }

        func take(_ topic: String, _ payload: [UInt8]) async throws {
            let topic = try #require(SparkplugTopic(topic))
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 1)
            // SAFETY: freed when the table has returned, which keeps no part of it.
            defer { copy.deallocate() }
            copy.copyBytes(from: payload)
            if table.takesAtOnce(topic) {
                table.takeAtOnce(topic, UnsafeRawBufferPointer(copy), at: arrival)
            } else {
                try await table.take(topic, UnsafeRawBufferPointer(copy), at: arrival)
            }
            table.takeSamples(into: &batch)
        }

        func tick(after span: Duration) {
            clock.advance(by: span)
            table.tick(at: arrival)
            table.takeSamples(into: &batch)
        }

        var arrival: HostArrival {
            HostArrival(wall: clock.wall(), monotonic: clock.monotonic(), clock: .synchronized)
        }

        func born(bdSeq: UInt8 = 4) async throws {
            for message in edge.births(bdSeq: bdSeq, latest: [:], at: clock.wall()) { try await take(message) }
            batch.samples = []
        }

        func data(_ tag: Int32, _ value: Double, isHistorical: Bool = false) -> [SparkplugMessage] {
            let sample = Sample(
                tag: TagID(rawValue: tag), value: .number(value), quality: .good,
                sourceTime: WallTime(nanoseconds: 1_700_000_000_000_000_000), arrival: clock.wall(),
                monotonic: clock.monotonic())
            return edge.data([sample], isHistorical: isHistorical, at: clock.wall())
        }

        var numbers: [Double] {
            batch.samples.compactMap { if case .number(let value) = $0.value { value } else { nil } }
        }

        func rebirths() -> [SparkplugNode] { table.takeRebirths(at: clock.monotonic()) }
        func faults() -> [String: Int] { table.takeCounters().malformed }
    }

    /// Source: Sparkplug 3.0, 6.4.4 to 6.4.6: metrics are field 2, `datatype` 4, a table's value 17, a template's 18.
    @Test func tablesAreCountedAndTheRestIsRead() async throws {
        let bench = try Bench()
        func metric(_ name: String, type: UInt8, _ value: [UInt8]) -> [UInt8] {
            let body = [0x0A, UInt8(name.utf8.count)] + Array(name.utf8) + [0x20, type] + value
            return [0x12, UInt8(body.count)] + body
        }
        let speed = withUnsafeBytes(of: 1_480.0.bitPattern.littleEndian) { [0x69] + Array($0) }
        let birth =
            [0x08, 0x01] + metric("bdSeq", type: 4, [0x58, 0]) + metric("motor", type: 19, [0x92, 0x01, 0])
            + metric("batches", type: 16, [0x8A, 0x01, 0]) + metric("speed", type: 10, speed) + [0x18, 0]
        try await bench.take("spBv1.0/Works/NBIRTH/line 3", birth)
        #expect(bench.table.takeCounters().malformed == ["unsupported_type": 1])
        #expect(bench.batch.samples.map(\.value) == [.number(1_480)])
        #expect(await bench.tags.definitions.count == 1)
    }

    /// The fields of a metric, as far as templates need them.
    private func metric(
        _ name: String?, alias: UInt8? = nil, type: UInt8 = 0, number: Double? = nil, members: [[UInt8]]? = nil,
        isDefinition: Bool = false, isHistorical: Bool = false
    ) -> [UInt8] {
        var body: [UInt8] = []
        if let name { body += [0x0A, UInt8(name.utf8.count)] + Array(name.utf8) }
        if let alias { body += [0x10, alias] }
        if type != 0 { body += [0x20, type] }
        if isHistorical { body += [0x28, 1] }
        if let number { body += withUnsafeBytes(of: number.bitPattern.littleEndian) { [0x69] + Array($0) } }
        if let members {
            let template = members.joined() + [0x22, 1, 0x78] + (isDefinition ? [0x28, 1] : [])
            body += [0x92, 0x01, UInt8(template.count & 0x7F | 0x80), UInt8(template.count >> 7)] + template
        }
        return [0x12, UInt8(body.count & 0x7F | 0x80), UInt8(body.count >> 7)] + body
    }

    /// Source: Sparkplug 3.0, 6.4.11: members are field 2 of a template, `template_ref` 4, `is_definition` 5.
    @Test func membersOfTemplatesAreTagsBehindTheNameOfTheirTemplate() async throws {
        let bench = try Bench()
        let definition = metric(
            "_types_/motor", type: 19, members: [metric("rpm", type: 10)], isDefinition: true)
        let motor = metric(
            "motor", alias: 7, type: 19,
            members: [
                metric("rpm", type: 10, number: 1_480), metric("temp", alias: 9, type: 10, number: 41),
                metric("gear", type: 19, members: [metric("oil", type: 10, number: 3.5)]),
            ])
        let bdSeq: [UInt8] = [0x12, 11, 0x0A, 5, 0x62, 0x64, 0x53, 0x65, 0x71, 0x20, 4, 0x58, 0]
        try await bench.take("spBv1.0/Works/NBIRTH/line 3", [0x08, 1] + bdSeq + definition + motor + [0x18, 0])
        #expect(
            await bench.tags.definitions.map(\.name) == [
                "Works/line_3/motor/rpm", "Works/line_3/motor/temp", "Works/line_3/motor/gear/oil",
            ])
        #expect(bench.numbers == [1_480, 41, 3.5])
        bench.batch.samples = []
        // In data the template may go by its alias, its members by names or aliases, and those that stay may be left out.
        let data = metric(
            nil, alias: 7,
            members: [
                metric("rpm", number: 1_500), metric(nil, alias: 9, number: 42),
                metric("gear", members: [metric("oil", number: 3.25)]),
            ])
        try await bench.take("spBv1.0/Works/NDATA/line 3", [0x08, 2] + data + [0x18, 1])
        #expect(bench.numbers == [1_500, 42, 3.25])
        bench.batch.samples = []
        let named = metric("motor", members: [metric("rpm", number: 1_510)], isHistorical: true)
        try await bench.take("spBv1.0/Works/NDATA/line 3", [0x08, 3] + named + [0x18, 2])
        #expect(bench.numbers == [1_510] && bench.batch.samples.map(\.quality) == [.uncertain(.outOfOrder)])
        #expect(bench.faults().isEmpty && bench.rebirths().isEmpty)
        let unknown = metric("motor", members: [metric("volts", number: 400)])
        try await bench.take("spBv1.0/Works/NDATA/line 3", [0x08, 4] + unknown + [0x18, 3])
        #expect(bench.faults() == ["unknown_metric": 1] && bench.rebirths().count == 1)
    }

    @Test func templatesMayNotLieInEachOtherForEver() throws {
        var payload = SparkplugPayload()
        for (depth, isTaken) in [(8, true), (9, false)] {
            var nested = metric("v", type: 10, number: 1)
            for _ in 0..<depth { nested = metric("t", type: 19, members: [nested]) }
            if isTaken {
                try payload.read(nested)
                #expect(payload.metrics.count == depth + 1)
                #expect(payload.metrics.last.flatMap { payload.path(of: $0) } == "t/t/t/t/t/t/t/t/v")
            } else {
                #expect(throws: SparkplugError.self) { try payload.read(nested) }
            }
        }
    }

    @Test func birthsDeclareTagsAndDataFollowsTheirAliases() async throws {
        let bench = try Bench()
        for message in bench.edge.births(bdSeq: 1, latest: [:], at: bench.clock.wall()) {
            try await bench.take(message)
        }
        #expect(
            await bench.tags.definitions == [
                TagDefinition(name: "Works/line_3/speed", unit: "rpm", kind: .number),
                TagDefinition(name: "Works/line_3/press/Motor_1/Temp", unit: "degC", kind: .number),
                TagDefinition(name: "Works/line_3/press/recipe", unit: "", kind: .text),
            ])
        // A birth without values says that they are not known.
        #expect(bench.batch.samples.map(\.quality) == Array(repeating: .bad(.source), count: 3))
        bench.batch.samples = []
        for message in bench.data(31, 42.5) { try await bench.take(message) }
        let sample = try #require(bench.batch.samples.first)
        #expect(sample.value == .number(42.5))
        #expect(sample.quality == .good)
        #expect(sample.sourceTime == WallTime(nanoseconds: 1_700_000_000_000_000_000))
        #expect(sample.clock == .synchronized)
        #expect(sample.tag == (await bench.tags.id(of: "Works/line_3/press/Motor_1/Temp")))
        #expect(bench.faults().isEmpty && bench.rebirths().isEmpty)
    }

    @Test func historicalValuesKeepTheirTimeAndAreNoLiveOnes() async throws {
        let bench = try Bench()
        try await bench.born()
        for message in bench.data(30, 7, isHistorical: true) { try await bench.take(message) }
        let sample = try #require(bench.batch.samples.first)
        #expect(sample.value == .number(7))
        #expect(sample.quality == .uncertain(.outOfOrder))
        #expect(sample.sourceTime == WallTime(nanoseconds: 1_700_000_000_000_000_000))
    }

    @Test func dataWithoutABirthAsksForOneAndIsNotGuessed() async throws {
        let bench = try Bench()
        _ = bench.edge.births(bdSeq: 1, latest: [:], at: bench.clock.wall())
        for message in bench.data(30, 1) { try await bench.take(message) }
        #expect(bench.batch.samples.isEmpty)
        #expect(bench.rebirths() == [bench.node])
        #expect(bench.faults() == ["no_birth": 1])
    }

    /// A node that never answers is asked less and less often, whatever it sends.
    @Test func requestsForRebirthAreLimited() async throws {
        let bench = try Bench()
        _ = bench.edge.births(bdSeq: 1, latest: [:], at: bench.clock.wall())
        var asked: [Int] = []
        for second in 0..<1_000 {
            for _ in 0..<10 { for message in bench.data(30, 1) { try await bench.take(message) } }
            if !bench.rebirths().isEmpty { asked.append(second) }
            bench.clock.advance(by: .seconds(1))
        }
        #expect(asked == [0, 5, 15, 35, 75, 155, 315, 615, 915])
    }

    /// One that is born each time, and is wrong each time.
    @Test func aNodeThatIsBornWrongAgainAndAgainIsNotAskedAtOnce() async throws {
        let bench = try Bench()
        try await bench.born()
        var asked = 0
        for _ in 0..<50 {
            _ = bench.data(30, 1)
            bench.tick(after: .milliseconds(100))
            for message in bench.data(30, 2) { try await bench.take(message) }
            bench.tick(after: .milliseconds(2_000))
            asked += bench.rebirths().count
            try await bench.born()
        }
        // 105 s, one in 5 s at most.
        #expect((15...21).contains(asked), "\(asked)")
    }

    @Test func messagesThatOvertakeArePutInOrder() async throws {
        let bench = try Bench()
        try await bench.born()
        let messages = (1...4).flatMap { bench.data(30, Double($0)) }
        for index in [0, 2, 3, 1] { try await bench.take(messages[index]) }
        #expect(bench.numbers == [1, 2, 3, 4])
        bench.tick(after: .seconds(10))
        #expect(bench.rebirths().isEmpty && bench.faults().isEmpty)
    }

    @Test func aMissingMessageIsWaitedForAndThenABirthIsAskedFor() async throws {
        let bench = try Bench()
        try await bench.born()
        let messages = (1...3).flatMap { bench.data(30, Double($0)) }
        try await bench.take(messages[0])
        try await bench.take(messages[2])
        bench.tick(after: .milliseconds(1_900))
        #expect(bench.numbers == [1])
        #expect(bench.rebirths().isEmpty)
        bench.tick(after: .milliseconds(200))
        #expect(bench.numbers == [1, 3])
        #expect(bench.rebirths() == [bench.node])
        #expect(bench.faults() == ["sequence_gap": 1])
    }

    @Test func anUnknownAliasAsksForABirthAndTheRestIsUsed() async throws {
        let bench = try Bench()
        try await bench.born()
        bench.edge.replace(tags: [
            PublishedTag(id: TagID(rawValue: 30), kind: .number, unit: "rpm", device: nil, metric: "speed"),
            PublishedTag(id: TagID(rawValue: 77), kind: .number, unit: "", device: nil, metric: "new"),
        ])
        for message in bench.data(77, 1) + bench.data(30, 2) { try await bench.take(message) }
        #expect(bench.numbers == [2])
        #expect(bench.rebirths() == [bench.node])
        #expect(bench.faults() == ["unknown_alias": 1])
    }

    @Test func aDeathMakesEveryValueOfTheNodeBad() async throws {
        let bench = try Bench()
        try await bench.born(bdSeq: 9)
        try await bench.take(bench.edge.death(bdSeq: 9, at: bench.clock.wall()))
        #expect(bench.batch.samples.count == 3)
        #expect(Set(bench.batch.samples.map(\.tag)).count == 3)
        #expect(bench.batch.samples.allSatisfy { $0.value == .none && $0.quality == .bad(.deviceOffline) })
        // A second time it is dead already.
        try await bench.take(bench.edge.death(bdSeq: 9, at: bench.clock.wall()))
        #expect(bench.batch.samples.count == 3)
    }

    @Test func aDeathOfAnEarlierConnectionIsNoDeath() async throws {
        let bench = try Bench()
        try await bench.born(bdSeq: 9)
        try await bench.take(bench.edge.death(bdSeq: 8, at: bench.clock.wall()))
        #expect(bench.batch.samples.isEmpty)
        #expect(bench.faults() == ["old_death": 1])
        for message in bench.data(30, 5) { try await bench.take(message) }
        #expect(bench.numbers == [5])
    }

    @Test func aDeviceDiesAlone() async throws {
        let bench = try Bench()
        try await bench.born()
        // Number 2 follows NBIRTH and DBIRTH.
        try await bench.take("spBv1.0/Works/DDEATH/line 3/press", [0x08, 0x01, 0x18, 0x02])
        #expect(bench.batch.samples.map(\.quality) == [.bad(.deviceOffline), .bad(.deviceOffline)])
        let speed = await bench.tags.id(of: "Works/line_3/speed")
        #expect(!bench.batch.samples.contains { $0.tag == speed })
        _ = bench.data(30, 0)
        for message in bench.data(30, 6) { try await bench.take(message) }
        #expect(bench.numbers == [6])
    }

    @Test func aDeviceThatIsNotBornAgainIsGone() async throws {
        let bench = try Bench()
        try await bench.born()
        let births = bench.edge.births(bdSeq: 4, latest: [:], at: bench.clock.wall())
        try await bench.take(births[0])
        bench.batch.samples = []
        bench.tick(after: .seconds(9))
        #expect(bench.batch.samples.isEmpty)
        bench.tick(after: .seconds(2))
        #expect(bench.batch.samples.map(\.quality) == [.bad(.deviceOffline), .bad(.deviceOffline)])
    }

    @Test func aBrokenPayloadAsksForABirthOfALivingNodeOnly() async throws {
        let bench = try Bench()
        try await bench.take("spBv1.0/Works/NDATA/line 3", [0x12, 0x7F])
        #expect(bench.rebirths().isEmpty)
        try await bench.born()
        try await bench.take("spBv1.0/Works/NDATA/line 3", [0x12, 0x7F])
        #expect(bench.rebirths() == [bench.node])
        #expect(bench.faults() == ["sparkplug": 2])
    }

    @Test func metricsOfOneNameAreRefusedAndSaid() async throws {
        let bench = try Bench()
        bench.edge.replace(tags: [
            PublishedTag(id: TagID(rawValue: 1), kind: .number, unit: "", device: nil, metric: "a b"),
            PublishedTag(id: TagID(rawValue: 2), kind: .number, unit: "", device: nil, metric: "a_b"),
        ])
        try await bench.born()
        #expect(await bench.tags.definitions.map(\.name) == ["Works/line_3/a_b"])
        #expect(bench.table.takeCounters().tagsRefused == 1)
        #expect(bench.table.takeRefusal()?.contains("have the same name") == true)
    }

    @Test func namedMetricsHaveTheTagsOfTheConfigurationAndNoOthersCome() async throws {
        let tag = TagDefinition(name: "press.temperature", unit: "degC", kind: .number)
        let bench = try Bench(
            rules: SparkplugRules(
                filters: [SparkplugRules.Filter()],
                named: [
                    SparkplugRules.Named(
                        group: "Works", edge: "line 3", device: "press", metric: "Motor 1/Temp", tag: tag)
                ], nodeTag: nil, deviceTag: nil))
        try await bench.born()
        for message in bench.data(31, 50) + bench.data(30, 1) { try await bench.take(message) }
        #expect(await bench.tags.definitions == [tag])
        #expect(bench.numbers == [50])
    }

    @Test func aDeviceThatIsBornAgainAndAgainNeedsNoMoreMemoryOfIt() async throws {
        let bench = try Bench()
        try await bench.born()
        for round in 0..<300 {
            let births = bench.edge.births(bdSeq: 4, latest: [:], at: bench.clock.wall())
            for message in births { try await bench.take(message) }
            bench.batch.samples = []
            for message in bench.data(31, Double(round)) { try await bench.take(message) }
            #expect(bench.numbers == [Double(round)])
        }
        #expect(bench.table.slotCount(of: bench.node) == 5)
    }

    @Test(arguments: [
        ("Motor 1/Temp (°C)", "Motor_1/Temp___C_"), ("a.b-c_d/e", "a.b-c_d/e"), ("温度", "__"), ("", ""),
    ])
    func sanitizesNames(_ word: String, _ name: String) { #expect(SparkplugRules.sanitized(word) == name) }
}
