import Testing
import YAML

@testable import Drivers

/// What an entry of `topics` may say of its payload, and what it is told when it is wrong.
@Suite struct PayloadConfigurationTests {
    static let mistakes: [(entry: String, says: String)] = [
        ("payload: xml, tag: v", "one of json, csv, number, text, waveform"),
        ("payload: json, tag: v, path: \"$[*].a[*]\"", "with [*] once at most"),
        ("payload: json, tag: v, path: \"$[*]\"", "`time` beside [*]"),
        (
            "payload: json, tag: v, path: \"$[*].v\", time: { path: $.t, format: unix_s }",
            "[*] in `time.path`, or `time.every`"
        ),
        (
            "payload: json, tag: v, path: $.v, time: { path: \"$[*].t\", format: unix_s }",
            "a value with [*] in its path"
        ),
        (
            "payload: json, tag: v, path: \"$[*].v\", time: { path: \"$[*].t\", format: unix_s, every: 1s }",
            "one time for the whole list"
        ),
        ("payload: json, tag: v, path: $.v, time: { path: $.t, format: unix_s, every: 1s }", "a value with [*]"),
        (
            "payload: json, time: { path: \"$[0].t\", format: unix_s, every: 1s }, path: \"$[*].v\", tag: v",
            "[*] or numbers such as [0]"
        ),
        ("payload: json, tag: v, path: $.v, time: { path: $.t, format: unix_s, zone: Z }", "no zone"),
        (
            "payload: json, tag: v, path: $.v, time: { path: $.t, format: iso8601, zone: Berlin }",
            "a zone such as Z, +08:00"
        ),
        ("payload: json, tag: v, path: $.v, time: { path: $.t, format: unix }", "unix_s, unix_ms, unix_us, unix_ns"),
        ("payload: json, tag: v, path: $.v, type: waveform, samples: 4, rate: 1", "a path with [*]"),
        ("payload: json, tag: v, path: \"$.v[*]\", type: waveform, rate: 1", "a whole number 1...262144"),
        ("payload: json, tag: v, path: $.v, type: text, unit: g", "the key \"unit\""),
        ("payload: json, tag: v, path: $.v, type: text, scale: 2", "the key \"scale\""),
        ("payload: json, tag: v, path: $.v, suffix: bar", "`quoted: true` beside it"),
        ("payload: json, tag: v, path: $.v, words: { ON: yes }", "a number"),
        ("payload: json, tag: v, path: $.v, words: {}", "1 to 64 words"),
        ("payload: json, tag: v, path: $.v, min: 5, max: 3", "a min of at most max"),
        ("payload: json, tag: v, path: $.v, clamp: [5, 3]", "the lower limit first"),
        ("payload: json, values: []", "at least one value"),
        ("payload: csv, tag: v, column: temp", "(names need `header: true`)"),
        ("payload: csv, tag: v, column: 0", "1...1000"),
        ("payload: csv, tag: v, column: 1, decimal_comma: true", "a separator other than the comma"),
        ("payload: csv, tag: v, column: 1, separator: \"::\"", "tab and space"),
        ("payload: csv, tag: v, column: 1, time: { column: 2, format: iso }", "expected one of iso8601"),
        ("payload: csv, tag: v, column: 1, time: { column: 2, format: unix_s, every: 1s }", "the key \"every\""),
        ("payload: text, tag: v, type: waveform", "one of number, text"),
        ("payload: number, tag: v, type: text", "the key \"type\""),
        ("payload: waveform, tag: v, format: int20-le, samples: 4, rate: 1", "int24-le"),
        ("payload: waveform, tag: v, format: int16-le, samples: 4, rate: 1, channels: 2", "the key \"channels\""),
        (
            "payload: waveform, format: int16-le, samples: 4, rate: 1, channels: 2, values: [ { tag: a }, { tag: b }, { tag: c } ]",
            "each of the 2 channels once"
        ),
        (
            "payload: waveform, format: int16-le, samples: 4, rate: 1, values: [ { tag: a }, { tag: b, channel: 1 } ]",
            "channels once at most"
        ),
        (
            "payload: waveform, format: float64-le, samples: 65536, rate: 1, values: [ { tag: a }, { tag: b }, { tag: c } ]",
            "1048576 bytes"
        ),
    ]

    @Test(arguments: mistakes) func aMistakeIsNamed(_ mistake: (entry: String, says: String)) throws {
        let (_, diagnostics) = try PayloadBench.links(mistake.entry)
        #expect(diagnostics.text.contains(mistake.says), "\(diagnostics.text)")
        #expect(diagnostics.text.hasPrefix("plant.yaml:5:"))
    }
}
