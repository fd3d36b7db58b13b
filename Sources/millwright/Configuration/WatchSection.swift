import Plant
import Watch
import YAML

extension WatchRules {
    /// Entries of one configuration: a plant of ten thousand tags has some dozen kinds of sensors.
    private static let entryLimit = 1_000

    /// Reads the section `watch`.
    static var kind: Kind<WatchRules> {
        Kind<[Entry]>.sequence(of: .mapping { Entry(reading: &$0) }, count: 0...entryLimit).map { WatchRules($0) }
    }
}

extension WatchRules.Entry {
    /// From the shortest scan to longer than any plant stands still.
    private static let spans = Duration.milliseconds(10)...Duration.seconds(366 * 86_400)

    init?(reading reader: inout MappingReader) {
        let patterns = reader.required(
            "tags", Kind<[TagPattern]>.sequence(of: .tagPattern, count: 1...1_000).or(Kind.tagPattern.map { [$0] }))
        var rule = WatchRule()
        let span = Kind<Duration>.duration(Self.spans)
        rule.silence = reader.optional(
            "stale_after", span.map { WatchRule.Silence.after($0) }.or(["auto": .learned, "never": .never]),
            default: rule.silence)
        rule.stillness = reader.optional(
            "stuck_after",
            span.map { WatchRule.Stillness.after($0) }.or(Kind<Int>.integer(3...1_000_000_000).map { .values($0) })
                .or(["auto": .learned, "never": .never]),
            default: rule.stillness)
        rule.resolution = reader.optional("resolution", .limit, default: rule.resolution)
        rule.noise = reader.optional(
            "noise", Kind<Double>.limit.map { WatchRule.Noise.limit($0) }.or(["auto": .learned, "never": .unlimited]),
            default: rule.noise)
        rule.largestStep = reader.optional("max_step", .limit)
        rule.largestRate = reader.optional("max_rate", .limit)
        let optionalSpan = span.map { Duration?.some($0) }.or(["never": nil])
        rule.future = reader.optional("future", optionalSpan, default: rule.future)
        rule.late = reader.optional("late", optionalSpan, default: rule.late)
        rule.duplicates = reader.optional("duplicates", .choice(WatchRule.Duplicates.self), default: rule.duplicates)
        guard let patterns else { return nil }
        self.init(patterns: patterns, rule: rule)
    }
}

extension Kind where T == TagPattern {
    fileprivate static var tagPattern: Kind<TagPattern> {
        Kind<String>.string.map(expected: "a tag name, * for any characters in it") { TagPattern($0) }
    }
}

extension Kind where T == Double {
    /// A difference in the tag's unit: nothing below it counts.
    fileprivate static var limit: Kind<Double> { .number(Double.leastNormalMagnitude...Double.greatestFiniteMagnitude) }
}
