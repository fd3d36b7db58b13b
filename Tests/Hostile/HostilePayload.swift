import Drivers
import Plant
import Sparkplug
import YAML

/// What must hold for any message whatever: it is read or rejected, and what is read can be stored.
package struct HostilePayload {
    /// A promise broken by some message.
    package struct Finding: Error, CustomStringConvertible {
        package var description: String
    }

    /// A form of messages, how it is configured, and messages that are good.
    package struct Form: Sendable {
        package var name: String
        /// Entries of `topics`, without their topic; each is tried on each message.
        package var entries: [String]
        package var messages: [String]
    }

    private static let stamp = "time: { path: \"$.t\", format: unix_ms }"

    package static let json = Form(
        name: "json",
        entries: [
            """
            payload: json, \(stamp), values: [ { path: "$.values[0].temp", tag: a, scale: 0.1, clamp: [0, 100] },
            { path: $.s, tag: b, type: text }, { path: $.q, tag: c, quoted: true, suffix: "°C", words: { ON: 1 } } ]
            """,
            """
            payload: json, time: { path: "$.rows[*].t", format: iso8601, zone: "+01:00" },
            values: [ { path: "$.rows[*].v", tag: a, quoted: true }, { path: "$.w[*]", tag: b, type: waveform, samples: 4, rate: 1 } ]
            """,
            "payload: json, time: { path: $.t, format: unix_ns, every: 1ms }, path: \"$.w[*]\", tag: a",
            "payload: number, tag: a",
        ],
        messages: [
            #"{"t":1795464903123,"values":[{"temp":41.5e-1,"ok":true},null,[1,2,[3]]],"s":"\u00e9\n\ud83d\ude00","q":"21,5 °C"}"#,
            #"{"rows":[{"t":"2026-11-23T20:15:03,5","v":"1.5"},{"v":-2.25,"t":"2026-11-23 20:15:04Z"}],"w":[1,0.5,-3e2,4],"t":1}"#,
            " -12.5E+3 ",
            "[[1,[2,[3,[4,[5]]]]],{\"a\":{\"b\":{\"c\":[{}]}}}]",
        ])

    package static let csv = Form(
        name: "csv",
        entries: [
            "payload: csv, values: [ { column: 2, tag: a, max: 50 }, { column: 3, tag: b, type: text } ]",
            """
            payload: csv, separator: ";", decimal_comma: true, header: true, time: { column: Zeit, format: iso8601, zone: Z },
            values: [ { column: T, tag: a, suffix: [K] }, { column: "Lage x", tag: b, words: { oben: 1, unten: 0 } } ]
            """,
            "payload: csv, separator: tab, time: { column: 1, format: unix_s }, column: 2, tag: a",
        ],
        messages: [
            "1795464903,21.5,\"a \"\"b\"\", c\"\r\n",
            "\u{FEFF}Zeit;T;\"Lage x\"\n2026-11-23 20:15:03;21,5K;oben\n2026-11-23 20:15:04;;unten\n",
            "1795464903.5\t\"-1e3\"\n1795464904\t2\n",
        ])

    package static let text = Form(
        name: "text",
        entries: [
            "payload: text, tag: a, suffix: [bar, \"°C\"], min: -1, max: 1000", "payload: text, tag: a, type: text",
            "payload: text, tag: a, decimal_comma: true, words: { offen: 1, zu: 0 }",
        ], messages: ["+0012.50 bar\n", "Charge 4711 süß", "12,5", "offen"])

    package static let waveform = Form(
        name: "waveform",
        entries: [
            "payload: waveform, format: float32-le, samples: 4, rate: 1, header_bytes: 3, tag: a, max: 5",
            """
            payload: waveform, format: int24-be, samples: 2, rate: 1, header_bytes: 1, channels: 3,
            values: [ { tag: a, clamp: [-1, 1] }, { tag: b, channel: 3, scale: 1e-6, offset: 2 } ]
            """,
            "payload: waveform, format: float64-be, samples: 2, rate: 1, header_bytes: 3, tag: a",
        ], messages: ["abcdefghijklmnopqrs", "ABC\u{0}\u{0}@@\u{0}\u{0}@@\u{0}\u{0}@@\u{0}\u{0}@@"])

    package static let forms = [json, csv, text, waveform]

    private let form: Form
    private let samples: [[String: Int]]
    private var probes: [PayloadProbe] = []

    package init(_ form: Form) throws {
        self.form = form
        var samples: [[String: Int]] = []
        for entry in form.entries {
            let text = "- { name: n, driver: mqtt, host: h, topics: [ { topic: t, \(entry) } ] }"
            let diagnostics = Diagnostics(file: form.name)
            let links = Drivers.links(
                reading: try YAML.parse(Array(text.utf8), file: form.name), path: "", diagnostics: diagnostics)
            guard let link = links.first, let probe = PayloadProbe(link, topic: "t") else {
                throw Finding(description: diagnostics.text)
            }
            probes.append(probe)
            var counts: [String: Int] = [:]
            for tag in link.tags { if case .waveform(let count, _) = tag.kind { counts[tag.name] = count } }
            samples.append(counts)
        }
        self.samples = samples
    }

    /// Reads a message by each configuration of its form.
    /// - Returns: how many values were good.
    @discardableResult
    package mutating func read(_ bytes: [UInt8]) throws -> Int {
        var good = 0
        for index in probes.indices {
            let count = bytes.withUnsafeBytes { probes[index].read($0) }
            let answers = probes[index].answers
            guard count == answers.count, count <= 20_000 else { throw finding(index, "\(count) values") }
            for answer in answers {
                try check(answer, index, bytes.count)
                if answer.quality.isGood { good += 1 }
            }
        }
        return good
    }

    private func check(_ answer: PayloadProbe.Answer, _ index: Int, _ bytes: Int) throws {
        if answer.fault != nil, answer.value != .none || answer.quality.isGood {
            throw finding(index, "a fault and a value: \(answer)")
        }
        if let place = answer.place, !(0...bytes).contains(place) { throw finding(index, "a place outside: \(answer)") }
        switch answer.value {
        case .number(let number) where number.isFinite: break
        case .waveform(let window) where window.count == samples[index][answer.tag] && window.allSatisfy(\.isFinite):
            break
        case .text(let text)
        where text.utf8.count <= 4_096 && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }:
            break
        case .none where answer.fault != nil && !answer.quality.isGood: break
        default: throw finding(index, "\(answer)")
        }
    }

    private func finding(_ index: Int, _ text: String) -> Finding {
        Finding(description: "\(form.name), configuration \(index): \(text)")
    }

    /// Reads a Sparkplug payload; what is read can be used, and a value without a fault is one.
    package static func sparkplug(_ bytes: [UInt8]) throws {
        var payload = SparkplugPayload()
        do throws(SparkplugError) {
            try payload.read(bytes)
        } catch {
            guard (0...bytes.count).contains(error.byte), error.description.contains("expected") else {
                throw Finding(description: "sparkplug: \(error)")
            }
            return
        }
        for (index, metric) in payload.metrics.enumerated() {
            _ = payload.path(of: metric)
            if let parent = metric.parent, parent >= index || payload.metrics[parent].value != .template {
                throw Finding(description: "sparkplug: a member without its template: \(metric)")
            }
            for type in SparkplugDataType.allCases {
                let reading = payload.reading(of: metric, as: type)
                if reading.fault != nil, reading.value != .none || reading.quality.isGood {
                    throw Finding(description: "sparkplug: a fault and a value: \(reading)")
                }
                if case .number(let number) = reading.value, !number.isFinite {
                    throw Finding(description: "sparkplug: \(reading)")
                }
            }
        }
    }
}
