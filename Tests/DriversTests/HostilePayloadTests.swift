import Foundation
import Hostile
import Plant
import Rig
import Seeded
import TestBench
import Testing

@testable import Drivers

/// Messages as broken devices, cut transfers and hostile hands send them: read or rejected, and nothing else ever.
@Suite(.timeLimit(.minutes(5)))
struct HostilePayloadTests {
    /// What each form is given beside its own messages.
    static let nasty: [(name: String, bytes: [UInt8])] = {
        func repeated(_ text: String, _ count: Int) -> [UInt8] { Array(String(repeating: text, count: count).utf8) }
        return [
            ("nothing", []), ("a zero", [0]), ("all bytes", (0...255).map { UInt8($0) }),
            ("deep arrays", repeated("[", 200_000)), ("deep objects", repeated("{\"t\":", 100_000)),
            ("closed deep arrays", repeated("[", 30_000) + repeated("]", 30_000)),
            ("too large a number", Array(#"{"t":1e999,"values":[{"temp":1e999}],"q":"1e999"}"#.utf8)),
            ("a long number", Array(#"{"t":1,"values":[{"temp":0."#.utf8) + repeated("1", 100_000) + Array("}]}".utf8)),
            ("many digits", repeated("9", 700)), ("a long exponent", Array("1e".utf8) + repeated("9", 100_000)),
            ("words for none", Array(#"{"t":NaN,"values":[{"temp":-Infinity}],"s":null,"w":[NaN]}"#.utf8)),
            ("lone surrogates", Array(#"{"t":1,"s":"\ud800","q":"\udc00\ud800","values":[]}"#.utf8)),
            ("surrogates as bytes", Array(#"{"t":1,"s":""#.utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8)),
            ("overlong", [0x22, 0xC0, 0x80, 0x22]), ("beyond Unicode", [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22]),
            ("many keys", Array("{".utf8) + repeated("\"t\":1,", 50_000) + Array("\"t\":2}".utf8)),
            ("many elements", Array("{\"t\":1,\"w\":[".utf8) + repeated("0,", 300_000) + Array("0]}".utf8)),
            ("as many as may be", Array("{\"t\":1,\"w\":[".utf8) + repeated("0,", 19_999) + Array("0]}".utf8)),
            ("many lines", repeated("1;2;3\n", 100_000)), ("many fields", repeated("1,", 400_000)),
            ("an open quote", Array("1,\"".utf8) + repeated("x", 900_000)), ("many quotes", repeated("\"", 999_999)),
            ("a long word", repeated("x", 1_000_000)), ("many blanks", repeated(" ", 1_000_000)),
            ("signs", repeated("-", 1_000)), ("points", repeated(".", 1_000)), ("dates", repeated("2026-", 30)),
            ("a float that is none", [1, 2, 3] + [UInt8](repeating: 0xFF, count: 16)),
            ("the largest", [UInt8](repeating: 0x31, count: 1 << 20)),
            ("larger than that", [UInt8](repeating: 0x31, count: 1 << 20 + 1)),
        ]
    }()

    @Test(arguments: HostilePayload.forms.map(\.name)) func nothingNastyIsTakenForMoreThanItIs(_ name: String) throws {
        let form = try #require(HostilePayload.forms.first { $0.name == name })
        var payload = try HostilePayload(form)
        let good = try form.messages.map { try payload.read(Array($0.utf8)) }
        #expect(good.reduce(0, +) > 0)
        for (what, bytes) in Self.nasty {
            #expect(throws: Never.self, "\(what)") { try payload.read(bytes) }
        }
        for message in form.messages {
            let bytes = Array(message.utf8)
            for count in 0..<bytes.count {
                #expect(throws: Never.self, "\(message) cut after \(count)") {
                    try payload.read(Array(bytes[..<count]))
                }
            }
        }
        // What came before leaves nothing behind.
        #expect(try form.messages.map { try payload.read(Array($0.utf8)) } == good)
    }

    /// The seed stands in the failure; `./test --fuzz` tries 200,000 under AddressSanitizer.
    @Test(arguments: HostilePayload.forms.map(\.name)) func damagedMessagesAreReadOrRejected(_ name: String) throws {
        let form = try #require(HostilePayload.forms.first { $0.name == name })
        var payload = try HostilePayload(form)
        for message in form.messages {
            let sound = Array(message.utf8)
            for seed in 0..<1_500 as Range<UInt64> {
                var mutator = ByteMutator(seed: seed, numbers: .fixed32)
                let mutant = mutator.mutated(sound)
                #expect(throws: Never.self, "\(message), seed \(seed)") { try payload.read(mutant) }
            }
        }
    }

    /// Foundation's parser is written by other people: what ours takes out of a text, theirs finds there too.
    @Test func aDamagedTextGivesNoOtherValueThanItHas() throws {
        let sound = Array(#"{"t":12,"v":-41.5e-1,"w":[1,20.25,3e2],"s":"\u00e9\n","n":{"a":[{}],"b":null}}"#.utf8)
        var bench = try PayloadBench(
            """
            payload: json, values: [ { path: $.v, tag: v }, { path: $.s, tag: s, type: text },
            { path: "$.w[*]", tag: w, type: waveform, samples: 3, rate: 1 }, { path: "$.n.a[0]", tag: n } ]
            """)
        var (read, compared) = (0, 0)
        for seed in 0..<20_000 as Range<UInt64> {
            var mutator = ByteMutator(seed: seed, numbers: .fixed32)
            let mutant = mutator.mutated(sound)
            let answers = bench.read(mutant)
            guard bench.decoder.failure == nil else { continue }
            read += 1
            // Words for what is no number are ours alone, and of two values by one name the other parser keeps either.
            let text = String(decoding: mutant, as: UTF8.self)
            guard !text.contains("N"), !text.contains("I"),
                ["\"v\"", "\"s\"", "\"w\"", "\"n\""].allSatisfy({ text.components(separatedBy: $0).count <= 2 }),
                let object = try? JSONSerialization.jsonObject(with: Data(mutant)) as? [String: Any]
            else { continue }
            compared += 1
            if case .number(let value) = answers[0].value {
                #expect((object["v"] as? NSNumber)?.doubleValue == value, "seed \(seed): \(text)")
            }
            if case .text(let value) = answers[1].value {
                #expect(object["s"] as? String == value, "seed \(seed): \(text)")
            }
            if case .waveform(let value) = answers[2].value {
                let numbers = (object["w"] as? [Any])?.compactMap { ($0 as? NSNumber)?.doubleValue }
                #expect(numbers?.map { Float($0) } == value, "seed \(seed): \(text)")
            }
        }
        #expect(read > 100 && compared > 100, "\(read) read, \(compared) compared")
    }

    /// 100 MB through a broker, and a good message behind it.
    @Test func aHugeMessageIsAcknowledgedAndTheNextOneStored() async throws {
        let directory = try TempDirectory()
        let broker = try Broker(directory: directory.path)
        try await broker.start()
        let bench = LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics: [ { topic: "plant/#", payload: json, path: $.v, tag: "{1}" } ]
                """))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/huge", [UInt8](repeating: UInt8(ascii: "["), count: 100_000_000))
        try publisher.publish("plant/" + String(repeating: "x", count: 60_000), Array("{\"v\":1}".utf8))
        try publisher.publish("plant/good", Array("{\"v\":7}".utf8))
        #expect(await eventually(within: .seconds(60)) { await bench.numbers("good") == [7] })
        #expect(await bench.samples("huge").map(\.quality) == [.bad(.wrongLength)])
        #expect(bench.counters.malformed == ["too_large": 1, "unknown_topic": 1])
        #expect(bench.status.rejected.first?.bytes == 100_000_000)
        try await publisher.flush()
        await bench.stop()
        await broker.stop()
    }
}
