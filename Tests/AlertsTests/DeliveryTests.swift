import Alerts
import Plant
import TestBench
import Testing

/// What every channel of the catalogue must do, whatever it speaks.
@Suite("Channels: sent once, retried, given up, no secret in the log")
struct ChannelContractTests {
    static let names = Channels.all.map { $0.name }
    static let secrets = ["s3cret-pass", "T00/B00/tokentoken", "querykey", "Bearer hush-hush"]

    static var settings: AlertSettings {
        var settings = AlertSettings()
        settings.mqtt = AlertSettings.MQTT(link: "plant", topic: "alerts/{asset}")
        settings.webhook = AlertSettings.Webhook(
            url: "https://bob:s3cret-pass@hooks.example.com:8443/T00/B00/tokentoken?key=querykey", headersFile: nil)
        return settings
    }

    struct Bench {
        let name: String
        let other = OtherSide()
        let journal = MemoryJournal()
        let clock = ManualClock()
        let log = LogBook()
        let service: DeliveryService

        init(_ name: String, policy: RetryPolicy = RetryPolicy(), random: SplitMix64 = SplitMix64(state: 7)) {
            self.name = name
            let outlets = Outlets(
                publisher: other, webhook: other,
                webhookHeaders: [HTTPHeader(name: "Authorization", value: "Bearer hush-hush")])
            service = DeliveryService(
                channels: Channels.configured(settings, outlets: outlets), journal: journal, policy: policy,
                clock: clock,
                random: random, logger: log.logger)
        }

        func add(_ payloads: [(alert: String, payload: String)], from first: Int64 = 1) async {
            await journal.add(
                payloads.enumerated().map { index, entry in
                    Delivery(
                        id: first + Int64(index), alert: entry.alert, asset: "pump-7", channel: name,
                        payload: Array(entry.payload.utf8))
                })
        }

        func status() async -> DeliveryStatus? { await service.status.first { $0.channel == name } }

        /// Winds the clock to each next attempt until nothing waits, at most so many times.
        func settle(passes: Int = 1_000) async -> Duration {
            var total = Duration.zero
            for _ in 0..<passes {
                guard let pause = await service.pass(name) else { break }
                total += pause
                clock.advance(by: pause)
            }
            return total
        }
    }

    @Test func everyChannelOfTheCatalogueIsConfiguredOnce() {
        let other = OtherSide()
        let outlets = Outlets(publisher: other, webhook: other)
        let configured = Channels.configured(Self.settings, outlets: outlets)
        #expect(configured.map { type(of: $0).name } == Self.names)
        #expect(Channels.names(Self.settings) == Self.names)
        #expect(Set(Self.names).count == Self.names.count)
        #expect(Channels.configured(AlertSettings(), outlets: outlets).isEmpty)
        #expect(Channels.names(AlertSettings()).isEmpty)
    }

    @Test(arguments: names) func aMessageIsSentOnce(_ name: String) async {
        let bench = Bench(name)
        await bench.add([("a", "1"), ("b", "2")])
        #expect(await bench.service.pass(name) == nil)
        #expect(await bench.service.pass(name) == nil)
        #expect(bench.other.received == ["1", "2"])
        #expect(await bench.journal.done == [1, 2])
        #expect(await bench.status()?.delivered == 2)
    }

    @Test(arguments: names) func aMessageIsTriedAgainLaterAndLaterUntilItIsTaken(_ name: String) async throws {
        let bench = Bench(name)
        bench.other.set(.absent)
        await bench.add([("a", "1")])
        var pauses: [Duration] = []
        for _ in 0..<14 {
            let pause = try #require(await bench.service.pass(name))
            pauses.append(pause)
            // Not a moment before its time.
            bench.clock.advance(by: pause - .nanoseconds(1))
            let attempts = bench.other.attempts
            await bench.service.pass(name)
            #expect(bench.other.attempts == attempts)
            bench.clock.advance(by: .nanoseconds(1))
        }
        for (index, pause) in pauses.enumerated() {
            let full = min(Duration.seconds(2) * (1 << index), .seconds(900))
            #expect(pause >= full / 2 - .nanoseconds(1) && pause <= full, "attempt \(index + 1): \(pause)")
        }
        #expect(await bench.status()?.retries == 14)
        #expect(await bench.status()?.failure != nil)
        #expect(await bench.status()?.waiting == 1)
        bench.other.set(.takes)
        #expect(await bench.service.pass(name) == nil)
        #expect(bench.other.received == ["1"])
        #expect(await bench.status()?.failure == nil)
        #expect(await bench.status()?.waiting == 0)
    }

    @Test(arguments: names) func aMessageIsGivenUpAfterTheLastAttemptAndTheNextOneGoes(_ name: String) async {
        let bench = Bench(name, policy: RetryPolicy(maximumAttempts: 5))
        bench.other.set(.absent, for: "1")
        await bench.add([("a", "1"), ("a", "2")])
        _ = await bench.settle()
        #expect(await bench.journal.givenUp.keys.sorted() == [1])
        #expect(bench.other.attempts == 6)
        #expect(bench.other.received == ["2"])
        #expect(await bench.status()?.givenUp == 1)
        #expect(bench.log.text.contains("error alert delivery given up"))
    }

    @Test(arguments: names) func aMessageIsGivenUpWhenItIsTooOldButNotBecauseTheClockJumped(_ name: String) async throws
    {
        let bench = Bench(
            name, policy: RetryPolicy(longestDelay: .seconds(60), maximumAttempts: .max, maximumAge: .seconds(3_600)))
        bench.other.set(.absent)
        await bench.add([("a", "1")])
        await bench.service.pass(name)
        for jump in [Duration.seconds(-3_600), .seconds(86_400), .seconds(-1_700_000_000)] {
            bench.clock.step(wallTo: bench.clock.wall() + jump)
            await bench.service.pass(name)
            #expect(await bench.journal.givenUp.isEmpty)
            #expect(bench.other.attempts == 1, "a jump neither hastens nor delays")
        }
        let age = await bench.settle()
        #expect(await bench.journal.givenUp.keys.sorted() == [1])
        #expect(age >= .seconds(3_600) && age <= .seconds(3_660))
    }

    @Test(arguments: names) func theMessagesOfOneAlertKeepTheirOrderAndOthersDoNotWait(_ name: String) async {
        let bench = Bench(name)
        bench.other.set(.absent, for: "a1")
        await bench.add([("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3"), ("b", "b2")])
        _ = await bench.settle(passes: 3)
        #expect(bench.other.received == ["b1", "b2"])
        bench.other.set(.takes, for: "a1")
        _ = await bench.settle()
        #expect(bench.other.received == ["b1", "b2", "a1", "a2", "a3"])
    }

    @Test(arguments: names) func moreThanOneBatchIsDelivered(_ name: String) async {
        let bench = Bench(name)
        await bench.add((0..<200).map { ("alert-\($0)", "\($0)") })
        _ = await bench.settle()
        #expect(bench.other.received == (0..<200).map(String.init))
    }

    @Test(arguments: names) func aHangingOtherSideIsLeftAtOnceWhenTheServiceStops(_ name: String) async {
        let bench = Bench(name)
        bench.other.set(.hangs)
        await bench.add([("a", "1")])
        let running = Task { await bench.service.run() }
        #expect(await eventually { bench.other.attempts == 1 })
        running.cancel()
        await running.value
        #expect(await bench.journal.waiting.map(\.attempts) == [0], "stopping is no failed attempt")
        #expect(await bench.journal.givenUp.isEmpty)
    }

    @Test(arguments: names) func aFullDiskDeliversAgainRatherThanNever(_ name: String) async {
        let bench = Bench(name)
        await bench.add([("a", "1")])
        await bench.journal.set(full: true)
        #expect(await bench.service.pass(name) == .seconds(5))
        #expect(await bench.status()?.journalFailures == 1)
        #expect(await bench.service.pass(name) == .seconds(5), "not again before its time")
        await bench.journal.set(full: false)
        bench.clock.advance(by: .seconds(5))
        #expect(await bench.service.pass(name) == nil)
        #expect(bench.other.received == ["1", "1"])
        #expect(await bench.journal.done == [1])
    }

    @Test(arguments: names) func noSecretReachesLogJournalOrStatus(_ name: String) async throws {
        let bench = Bench(name, policy: RetryPolicy(maximumAttempts: 3))
        bench.other.set(.absent)
        await bench.add([("a", "1")])
        _ = await bench.settle()
        #expect(await bench.journal.givenUp.count == 1)
        let status = try #require(await bench.status())
        let everything = [bench.log.text, "\(status)", await bench.journal.reasons.joined()].joined(separator: "\n")
        #expect(everything.contains("cannot") || everything.contains("no acknowledgement"))
        for secret in Self.secrets { #expect(!everything.contains(secret), "\(secret) in: \(everything)") }
        for secret in ["tokentoken", "hush-hush"] {
            #expect(!everything.contains(secret), "\(secret) in: \(everything)")
        }
    }
}

@Suite("DeliveryService: what is not the same for each channel")
struct DeliveryServiceTests {
    @Test func aHangingChannelHoldsUpNoOther() async {
        let stuck = OtherSide()
        let broker = OtherSide()
        stuck.set(.hangs)
        let journal = MemoryJournal()
        let service = DeliveryService(
            channels: Channels.configured(
                ChannelContractTests.settings, outlets: Outlets(publisher: broker, webhook: stuck)),
            journal: journal, clock: MachineClock(), logger: LogBook().logger)
        let running = Task { await service.run() }
        await journal.add([
            Delivery(id: 1, alert: "a", asset: "p", channel: "webhook", payload: [0x31]),
            Delivery(id: 2, alert: "a", asset: "p", channel: "mqtt", payload: [0x32]),
        ])
        await service.wake()
        #expect(await eventually { stuck.attempts == 1 && broker.received == ["2"] })
        // And news that come later are heard while the other still hangs.
        await journal.add([Delivery(id: 3, alert: "b", asset: "p", channel: "mqtt", payload: [0x33])])
        await service.wake()
        #expect(await eventually { broker.received == ["2", "3"] })
        running.cancel()
        await running.value
    }

    @Test(arguments: [
        (200, "done"), (204, "done"), (301, "waits"), (400, "given up"), (401, "waits"), (404, "waits"),
        (413, "given up"),
        (422, "given up"), (429, "waits"), (500, "waits"), (503, "waits"), (0, "waits"),
    ])
    func aWebhooksAnswerDecides(_ status: Int, _ fate: String) async {
        let journal = MemoryJournal()
        var settings = AlertSettings()
        settings.webhook = AlertSettings.Webhook(url: "http://localhost:9/", headersFile: nil)
        let outlets = Outlets(publisher: OtherSide(), webhook: Answering(status: status))
        let service = DeliveryService(
            channels: Channels.configured(settings, outlets: outlets), journal: journal, clock: ManualClock(),
            logger: LogBook().logger)
        await journal.add([Delivery(id: 1, alert: "a", asset: "p", channel: "webhook", payload: [0x31])])
        await service.pass("webhook")
        let result =
            await journal.done == [1] ? "done" : await journal.givenUp.keys.contains(1) ? "given up" : "waits"
        #expect(result == fate)
    }

    private struct Answering: Webhook {
        var status: Int
        func post(url: String, body: [UInt8], headers: [HTTPHeader]) async throws -> Int { status }
    }

    @Test func theTopicNamesTheAsset() async {
        let topics = Topics()
        let outlets = Outlets(publisher: topics, webhook: OtherSide())
        let journal = MemoryJournal()
        let service = DeliveryService(
            channels: Channels.configured(ChannelContractTests.settings, outlets: outlets), journal: journal,
            clock: ManualClock(), logger: LogBook().logger)
        await journal.add([
            Delivery(id: 1, alert: "a", asset: "fan-2", channel: "mqtt", payload: []),
            Delivery(id: 2, alert: "20261123-201503-pump-7-1", channel: "mqtt", payload: []),
            Delivery(id: 3, alert: "odd", channel: "mqtt", payload: []),
        ])
        await service.pass("mqtt")
        #expect(await topics.seen == ["plant alerts/fan-2", "plant alerts/pump-7", "plant alerts/"])
    }

    private actor Topics: TopicPublisher {
        private(set) var seen: [String] = []
        func publish(link: String, topic: String, payload: [UInt8]) { seen.append("\(link) \(topic)") }
    }

    @Test(
        arguments: [
            (
                "Authorization: Bearer abc\n# a comment\n\nX-Plant:  north \r\n",
                [HTTPHeader(name: "Authorization", value: "Bearer abc"), HTTPHeader(name: "X-Plant", value: "north")]
            ),
            ("", []), ("no colon\n", nil), (": value\n", nil), ("Bad Name: x\n", nil), ("X: a\u{0}b\n", nil),
            ("X:\n", [HTTPHeader(name: "X", value: "")]),
        ] as [(String, [HTTPHeader]?)])
    func headersAreReadStrictly(_ text: String, _ expected: [HTTPHeader]?) {
        #expect(HTTPHeader.parse(text) == expected)
    }
}
