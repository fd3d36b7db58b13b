import Plant
import Testing

@Suite("Times: wall, monotonic, ISO 8601")
struct TimeTests {
    struct Instant: Sendable {
        var nanoseconds: Int64
        var text: String
        var compact: String
    }

    /// - Source: `date -u -d @SECONDS` of GNU coreutils.
    static let instants = [
        Instant(nanoseconds: 0, text: "1970-01-01T00:00:00.000Z", compact: "19700101-000000"),
        Instant(nanoseconds: 1_795_464_903_123_999_999, text: "2026-11-23T20:15:03.123Z", compact: "20261123-201503"),
        Instant(nanoseconds: 951_782_400_000_000_000, text: "2000-02-29T00:00:00.000Z", compact: "20000229-000000"),
        Instant(nanoseconds: 1_709_251_199_999_000_000, text: "2024-02-29T23:59:59.999Z", compact: "20240229-235959"),
        Instant(nanoseconds: 4_107_542_400_000_000_000, text: "2100-03-01T00:00:00.000Z", compact: "21000301-000000"),
        Instant(nanoseconds: -1_000_000, text: "1969-12-31T23:59:59.999Z", compact: "19691231-235959"),
        Instant(nanoseconds: -1, text: "1969-12-31T23:59:59.999Z", compact: "19691231-235959"),
        Instant(nanoseconds: 2_147_483_648_000_000_000, text: "2038-01-19T03:14:08.000Z", compact: "20380119-031408"),
    ]

    @Test(arguments: instants) func writes(_ instant: Instant) {
        #expect(ISO8601.string(WallTime(nanoseconds: instant.nanoseconds)) == instant.text)
        #expect(ISO8601.compact(WallTime(nanoseconds: instant.nanoseconds)) == instant.compact)
    }

    @Test(arguments: instants) func readsWhatItWrites(_ instant: Instant) throws {
        let read = try #require(ISO8601.parse(Array(instant.text.utf8)))
        #expect(ISO8601.string(read) == instant.text)
    }

    @Test func everyDayOfFiveHundredYearsComesBack() {
        // What 64 bits of nanoseconds hold, nearly: 1696 to 2199.
        for day in -100_000..<84_000 {
            let time = WallTime(nanoseconds: Int64(day) * 86_400_000_000_000)
            let text = ISO8601.string(time)
            if ISO8601.parse(Array(text.utf8)) != time {
                Issue.record("day \(day) became \(text)")
                break
            }
        }
    }

    @Test(
        arguments: [
            ("2026-11-23T20:15:03Z", 1_795_464_903_000_000_000), ("2026-11-23T20:15:03.5Z", 1_795_464_903_500_000_000),
            ("2026-11-24T04:15:03+08:00", 1_795_464_903_000_000_000),
            ("2026-11-23T14:45:03-05:30", 1_795_464_903_000_000_000),
            ("2026-11-23 20:15:03.123456789Z", 1_795_464_903_123_456_789), ("2026-02-29T00:00:00Z", nil),
            ("2024-02-30T00:00:00Z", nil),
            ("2100-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil), ("2026-11-23T24:00:00Z", nil),
            ("2026-11-23T20:15:03,25Z", 1_795_464_903_250_000_000),
            ("2026-11-24t04:15:03+0800", 1_795_464_903_000_000_000),
            ("2026-11-23T12:15:03-08", 1_795_464_903_000_000_000), ("2026-11-23T20:15:03z", 1_795_464_903_000_000_000),
            ("2026-11-23T20:15:03", nil), ("2026-11-23T20:15:03.5", nil), ("2026-11-23T20:15:03+8", nil),
            ("2026-11-23T20:15:03+08:60", nil), ("2026-11-23T20:15:03+08:", nil), ("2026-11-23T20:15:03,Z", nil),
            ("2026-11-23T20:15:03.Z", nil), ("9999-01-01T00:00:00Z", nil), ("0001-01-01T00:00:00Z", nil), ("", nil),
            ("2026-11-23T20:15:03+25:00", nil), ("2026-11-23T20:15:03Z\n", nil), ("2026-11-2３T20:15:03Z", nil),
        ] as [(String, Int64?)])
    func parses(_ text: String, _ expected: Int64?) {
        #expect(ISO8601.parse(Array(text.utf8))?.nanoseconds == expected)
    }

    @Test func aZoneIsUsedOnlyByDatesThatSayNone() {
        func parse(_ text: String) -> Int64? { ISO8601.parse(Array(text.utf8).span, zone: 28_800)?.nanoseconds }
        #expect(parse("2026-11-24T04:15:03") == 1_795_464_903_000_000_000)
        #expect(parse("2026-11-24 04:15:03.5") == 1_795_464_903_500_000_000)
        #expect(parse("2026-11-23T20:15:03Z") == 1_795_464_903_000_000_000)
        #expect(parse("2026-11-24T04:15:0") == nil)
        #expect(parse("2026-11-24T04:15:03+") == nil)
    }

    @Test func cutShortOrFlippedTextNeverReadsAsSomethingThatItIsNot() throws {
        let good = Array("2026-11-23T20:15:03.123Z".utf8)
        for count in 0..<good.count { #expect(ISO8601.parse(good.prefix(count)) == nil) }
        for index in good.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = good
                bytes[index] = byte
                guard let time = ISO8601.parse(bytes) else { continue }
                let back = ISO8601.string(time)
                // A space for the T, and a leap second that rolls over, are read; both are other texts of a real time.
                #expect(ISO8601.parse(Array(back.utf8)) == time)
            }
        }
    }

    @Test func arithmeticNeverTraps() {
        let late = WallTime(nanoseconds: .max)
        let early = WallTime(nanoseconds: .min)
        _ = (late + .seconds(1), early + .seconds(-1), late - early, MonotonicTime(nanoseconds: .max) + .seconds(1))
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.milliseconds(1_500).wholeNanoseconds == 1_500_000_000)
        #expect(Duration.milliseconds(-1_500).inSeconds == -1.5)
        #expect(WallTime(nanoseconds: 5) + .nanoseconds(7) == WallTime(nanoseconds: 12))
        #expect(MonotonicTime(nanoseconds: 12) - MonotonicTime(nanoseconds: 5) == .nanoseconds(7))
    }
}
