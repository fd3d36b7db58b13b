import Plant
import Testing

@testable import Drivers

@Suite struct TopicTests {
    private func captures(_ filter: String, _ topic: String) -> [String]? {
        TopicFilter(filter)?.captures(in: Array(topic.utf8))
    }

    /// Source: the examples of MQTT 3.1.1, 4.7.1.
    @Test func matchesAsTheStandardSays() {
        #expect(captures("sport/tennis/player1/#", "sport/tennis/player1") == [""])
        #expect(captures("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon") == ["score/wimbledon"])
        #expect(captures("sport/tennis/+", "sport/tennis/player2") == ["player2"])
        #expect(captures("sport/tennis/+", "sport/tennis/player1/ranking") == nil)
        #expect(captures("sport/+", "sport") == nil)
        #expect(captures("sport/+", "sport/") == [""])
        #expect(captures("+/+", "/finance") == ["", "finance"])
        #expect(captures("/+", "/finance") == ["finance"])
        #expect(captures("+", "/finance") == nil)
        #expect(captures("#", "$SYS/broker") == nil)
        #expect(captures("+/monitor/Clients", "$SYS/monitor/Clients") == nil)
        #expect(captures("$SYS/#", "$SYS/monitor") == ["monitor"])
        #expect(captures("a/b", "a/b") == [])
        #expect(captures("a/b", "a/B") == nil)
        for filter in ["", "sport+", "sport/tennis#", "sport/#/ranking", "a+/b"] {
            #expect(TopicFilter(filter) == nil, "\(filter)")
        }
    }

    @Test func overlapsAreFound() {
        let overlapping = [
            ("a/b", "a/b"), ("a/+", "a/b"), ("a/#", "a/b/c"), ("#", "x"), ("a/#", "a"), ("+/b", "a/+"),
            ("a/+/#", "a/b"),
        ]
        let apart = [("a/b", "a/c"), ("a/+", "a"), ("a/+", "a/b/c"), ("a/#", "b"), ("+/b", "+/c"), ("a/b/#", "a")]
        for (a, b) in overlapping {
            #expect(
                TopicFilter(a).flatMap { a in TopicFilter(b).map { a.overlaps($0) && $0.overlaps(a) } } == true,
                "\(a) \(b)")
        }
        for (a, b) in apart {
            #expect(
                TopicFilter(a).flatMap { a in TopicFilter(b).map { a.overlaps($0) || $0.overlaps(a) } } == false,
                "\(a) \(b)")
        }
    }

    @Test func templatesTakeWhatTheWildCardsMatched() throws {
        #expect(try TagTemplate("line-{2}.{1}.t", wildcards: 2).name(["a", "b"]) == "line-b.a.t")
        #expect(try TagTemplate("plain", wildcards: 0).isConstant)
        #expect(throws: TagTemplate.Mistake.unknownPlaceholder("{3}")) { try TagTemplate("x{3}", wildcards: 2) }
        #expect(throws: TagTemplate.Mistake.unknownPlaceholder("{0}")) { try TagTemplate("x{0}", wildcards: 2) }
        #expect(throws: TagTemplate.Mistake.unknownPlaceholder("{name}")) { try TagTemplate("x{name}", wildcards: 2) }
        #expect(throws: TagTemplate.Mistake.unclosedBrace) { try TagTemplate("x{1", wildcards: 2) }
        #expect(throws: TagTemplate.Mistake.notATagName("a b")) { try TagTemplate("a b", wildcards: 0) }
    }

    struct Window: Sendable {
        var encoding: WaveformFormat.Encoding
        var bytes: [UInt8]
    }

    /// 3 and -4 in each encoding; as floats 40 40 00 00 and C0 80 00 00, as doubles 40 08 ... and C0 10 ... (IEEE 754).
    static let windows = [
        Window(encoding: .int16Little, bytes: [3, 0, 0xFC, 0xFF]),
        Window(encoding: .int16Big, bytes: [0, 3, 0xFF, 0xFC]),
        Window(encoding: .float32Little, bytes: [0, 0, 0x40, 0x40, 0, 0, 0x80, 0xC0]),
        Window(encoding: .float32Big, bytes: [0x40, 0x40, 0, 0, 0xC0, 0x80, 0, 0]),
        Window(encoding: .int24Little, bytes: [3, 0, 0, 0xFC, 0xFF, 0xFF]),
        Window(encoding: .int24Big, bytes: [0, 0, 3, 0xFF, 0xFF, 0xFC]),
        Window(encoding: .int32Little, bytes: [3, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0xFF]),
        Window(encoding: .int32Big, bytes: [0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFC]),
        Window(
            encoding: .float64Little, bytes: [0, 0, 0, 0, 0, 0, 0x08, 0x40, 0, 0, 0, 0, 0, 0, 0x10, 0xC0]),
        Window(encoding: .float64Big, bytes: [0x40, 0x08, 0, 0, 0, 0, 0, 0, 0xC0, 0x10, 0, 0, 0, 0, 0, 0]),
    ]

    @Test(arguments: windows) func windowsAreDecoded(_ window: Window) {
        var format = WaveformFormat(encoding: window.encoding, samples: 2, headerBytes: 3)
        let payload = [9, 9, 9] + window.bytes
        let scaling = Scaling(scale: 0.5, offset: 1)
        #expect(payload.withUnsafeBytes { format.decode($0.bytes, scaling) } == [2.5, -1])
        // The same bytes as one sample of two channels.
        (format.samples, format.channels) = (1, 2)
        for layout in WaveformFormat.Layout.allCases {
            format.layout = layout
            #expect(payload.withUnsafeBytes { format.decode($0.bytes, channel: 1, scaling) } == [-1])
        }
    }

    @Test func channelsAreToldApart() {
        let samples: [Int16] = [1, 10, 100, 2, 20, 200]
        let payload = samples.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
        func channel(_ channel: Int, _ layout: WaveformFormat.Layout) -> [Float]? {
            let format = WaveformFormat(encoding: .int16Little, samples: 2, channels: 3, layout: layout)
            return payload.withUnsafeBytes { format.decode($0.bytes, channel: channel, Scaling()) }
        }
        #expect((0..<3).map { channel($0, .interleaved) } == [[1, 2], [10, 20], [100, 200]])
        #expect((0..<3).map { channel($0, .blocks) } == [[1, 10], [100, 2], [20, 200]])
    }

    @Test func aWindowWithAValueThatIsNoNumberIsNone() {
        let format = WaveformFormat(encoding: .float32Big, samples: 2)
        let payload: [UInt8] = [0, 0, 0, 0, 0x7F, 0xC0, 0, 0]
        #expect(payload.withUnsafeBytes { format.decode($0.bytes, Scaling()) } == nil)
    }

    /// Stored with messages, so these never change. They tell one bit of difference, one byte more, and a seed.
    @Test func theDigestIsTheSameForEver() {
        func digest(_ bytes: [UInt8], _ seed: UInt64 = 0) -> UInt64 {
            bytes.withUnsafeBytes { Digest64.of($0, seed: seed) }
        }
        var seen: Set<UInt64> = [digest([])]
        var texts = 1
        for length in 1...70 {
            let text = (0..<length).map { UInt8($0) }
            #expect(seen.insert(digest(text)).inserted)
            texts += 1
            for bit in 0..<(length * 8) {
                var other = text
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                seen.insert(digest(other))
                texts += 1
            }
        }
        #expect(seen.count == texts)
        #expect(digest([1, 2, 3]) != digest([1, 2, 3], 1))
        #expect(digest(Array("plant/speed".utf8)) == 0xE311CA459DCEC0BF)
        #expect(digest(Array("plant/press-3/bearing/temperature".utf8)) == 0xE2E1AF707BD2201E)
    }
}
