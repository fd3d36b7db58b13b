import Plant
import YAML

extension PayloadRule {
    /// Reads what an entry of `topics` says of its payload.
    ///
    /// - Parameter wildcards: of the topic, which the names of tags may use.
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading entry: inout MappingReader, wildcards: Int, claims: inout LinkClaims) {
        var reader = PayloadReader(wildcards: wildcards, claims: claims)
        defer { claims = reader.claims }
        // Pictures become no tags, so their entries have a reader of their own; the word is here for whoever misspells it.
        let payload = entry.required("payload", .choice(["json", "csv", "number", "text", "waveform", "picture"]))
        let rule: PayloadRule? =
            switch payload {
            case "json": reader.json(&entry)
            case "csv": reader.csv(&entry)
            case "number": reader.tag(&entry, .number).map { PayloadRule(tags: [$0], format: .number) }
            case "text": reader.text(&entry)
            case "waveform": reader.waveform(&entry)
            default: nil
            }
        guard let rule else { return nil }
        self = rule
    }
}

/// Reads the payload of one topic.
struct PayloadReader {
    /// Values of one topic: a message of 1 MiB has room for no more that would be worth anything.
    static let maxValues = 10_000
    /// Channels of one device in one message.
    static let maxChannels = 64
    /// Columns that a line is looked through for.
    static let maxColumns = CSVLayout.maxColumns

    let wildcards: Int
    var claims: LinkClaims

    // MARK: Formats

    mutating func json(_ entry: inout MappingReader) -> PayloadRule? {
        let point = Self.point(&entry)
        let hasTime = entry.has("time")
        let time = hasTime ? Self.jsonTime(&entry) : nil
        let isTimeRight = !hasTime || time != nil
        let values = values(&entry) {
            (own: inout Self, reader: inout MappingReader) -> (tag: PayloadRule.Tag, place: JSONPath)? in
            let path = reader.required("path", .jsonPath)
            guard let tag = own.tag(&reader, .json, point: point), let path else { return nil }
            return !isTimeRight || Self.fits(path, tag.meaning.kind, time, reader) ? (tag, path) : nil
        }
        guard let values, isTimeRight else { return nil }
        let paths = values.map(\.place)
        let rule = PayloadRule(tags: values.map(\.tag), format: .json(paths: paths, time: time))
        return Self.listsFit(rule, paths, time, entry) ? rule : nil
    }

    mutating func csv(_ entry: inout MappingReader) -> PayloadRule? {
        let point = Self.point(&entry)
        let separator = entry.optional("separator", .separator, default: UInt8(ascii: ","))
        let hasHeader = entry.optional("header", .boolean, default: false)
        let hasTime = entry.has("time")
        let time = hasTime ? Self.csvTime(&entry, hasHeader: hasHeader) : nil
        let values = values(&entry) {
            (own: inout Self, reader: inout MappingReader) -> (tag: PayloadRule.Tag, place: CSVLayout.Column)? in
            let column = reader.required("column", .column(hasHeader: hasHeader))
            guard let tag = own.tag(&reader, .line, point: point), let column else { return nil }
            return (tag, column)
        }
        guard separator != point else {
            entry.diagnostics.report(
                at: entry.node["decimal_comma"] ?? entry.node, path: entry.path("decimal_comma"),
                expected: "a separator other than the comma, such as `separator: \";\"`", found: "the same character")
            return nil
        }
        guard let values, !hasTime || time != nil else { return nil }
        let layout = CSVLayout(
            separator: separator, hasHeader: hasHeader, columns: values.map(\.place), time: time)
        return PayloadRule(tags: values.map(\.tag), format: .csv(layout))
    }

    mutating func text(_ entry: inout MappingReader) -> PayloadRule? {
        let point = Self.point(&entry)
        return tag(&entry, .line, point: point).map { PayloadRule(tags: [$0], format: .text) }
    }

    mutating func waveform(_ entry: inout MappingReader) -> PayloadRule? {
        let encoding = entry.required("format", .choice(WaveformFormat.Encoding.self))
        let samples = entry.required("samples", .integer(1...ValueMeaning.maxSamples))
        let rate = entry.required("rate", .sampleRate)
        let header = entry.optional("header_bytes", .integer(0...4_096), default: 0)
        let hasChannels = entry.has("values")
        let layout = hasChannels ? entry.optional("layout", .choice(WaveformFormat.Layout.self)) : nil
        let channels = hasChannels ? entry.optional("channels", .integer(1...Self.maxChannels)) : nil
        var place = 0
        let values = values(&entry) {
            (own: inout Self, reader: inout MappingReader) -> (tag: PayloadRule.Tag, place: Int)? in
            place += 1
            let channel =
                hasChannels
                ? reader.optional("channel", .integer(1...(channels ?? Self.maxChannels)), default: place) : 1
            guard var tag = own.tag(&reader, .window) else { return nil }
            tag.meaning.kind = .waveform(samples: samples ?? 1, rateHertz: rate ?? 1)
            return (tag, channel - 1)
        }
        guard let values, let encoding, let samples, rate != nil else { return nil }
        let places = values.map(\.place)
        let count = channels ?? places.reduce(1) { max($0, $1 + 1) }
        guard places.allSatisfy({ $0 < count }), Set(places).count == places.count else {
            entry.diagnostics.report(
                at: entry.node["values"] ?? entry.node, path: entry.path("values"),
                expected: "each of the \(count) channels once at most", found: "\(places.map { $0 + 1 })")
            return nil
        }
        let format = WaveformFormat(
            encoding: encoding, samples: samples, headerBytes: header, channels: count,
            layout: layout ?? .interleaved)
        guard format.payloadBytes <= MQTTInbox.maxPayloadBytes else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("samples"),
                expected: "a window of at most \(MQTTInbox.maxPayloadBytes) bytes",
                found: "\(format.payloadBytes) bytes")
            return nil
        }
        return PayloadRule(tags: values.map(\.tag), format: .waveform(format, channels: places))
    }

    // MARK: Values

    /// Reads the one value that stands in the entry itself, or those of the list `values`.
    private mutating func values<Place>(
        _ entry: inout MappingReader, _ read: (inout Self, inout MappingReader) -> (tag: PayloadRule.Tag, place: Place)?
    ) -> [(tag: PayloadRule.Tag, place: Place)]? {
        guard entry.has("values") else { return read(&self, &entry).map { [$0] } }
        guard let nodes = entry.required("values", .nodes) else { return nil }
        guard (1...Self.maxValues).contains(nodes.count) else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("values"),
                expected: "at least one value, and at most \(Self.maxValues)",
                found: nodes.isEmpty ? "an empty list" : "\(nodes.count)")
            return nil
        }
        var values: [(tag: PayloadRule.Tag, place: Place)] = []
        for (index, node) in nodes.enumerated() {
            let place = "\(entry.path("values"))[\(index)]"
            guard var reader = MappingReader(node, path: place, diagnostics: entry.diagnostics) else { continue }
            let value = read(&self, &reader)
            reader.finish()
            if let value { values.append(value) }
        }
        return values.count == nodes.count ? values : nil
    }

    /// Reads a tag, and what its value means.
    mutating func tag(
        _ reader: inout MappingReader, _ source: ValueMeaning.Source, point: UInt8 = UInt8(ascii: ".")
    ) -> PayloadRule.Tag? {
        let text = reader.required("tag", .string)
        let meaning = ValueMeaning(reading: &reader, from: source, point: point)
        let unit = meaning?.kind == .text ? "" : reader.optional("unit", .unit, default: "")
        guard let text, let template = template(text, reader), let meaning else { return nil }
        return PayloadRule.Tag(template: template, unit: unit, meaning: meaning)
    }

    private mutating func template(_ text: String, _ reader: MappingReader) -> TagTemplate? {
        let node = reader.node["tag"] ?? reader.node
        do {
            let template = try TagTemplate(text, wildcards: wildcards)
            if template.isConstant { claims.take(.tag(text), at: node.mark, path: reader.path("tag")) }
            if template.isConstant, wildcards > 0 {
                reader.diagnostics.report(
                    at: node, path: reader.path("tag"), expected: "a placeholder such as {1}: the topic has wild cards",
                    found: "a name that all matching topics would share")
            }
            return template
        } catch {
            reader.diagnostics.report(
                at: node, path: reader.path("tag"), expected: error.expected(wildcards: wildcards))
            return nil
        }
    }

    // MARK: Times and lists

    /// What stands before the fraction of numbers in texts.
    private static func point(_ entry: inout MappingReader) -> UInt8 {
        entry.optional("decimal_comma", .boolean, default: false) ? UInt8(ascii: ",") : UInt8(ascii: ".")
    }

    /// - Returns: nil when something was wrong; then it has been reported.
    private static func csvTime(_ entry: inout MappingReader, hasHeader: Bool) -> CSVLayout.Time? {
        guard var reader = entry.optionalMapping("time") else { return nil }
        let column = reader.required("column", .column(hasHeader: hasHeader))
        let stamp = TimeStamp(reading: &reader)
        reader.finish()
        guard let column, let stamp else { return nil }
        return CSVLayout.Time(column: column, stamp: stamp)
    }

    /// - Returns: nil when something was wrong; then it has been reported.
    private static func jsonTime(_ entry: inout MappingReader) -> JSONTime? {
        guard var reader = entry.optionalMapping("time") else { return nil }
        let path = reader.required("path", .jsonPath)
        let stamp = TimeStamp(reading: &reader)
        let every = reader.optional("every", .duration(.microseconds(1) ... .seconds(86_400)))
        let isEveryRight = every != nil || !reader.has("every")
        reader.finish()
        guard let path, let stamp, isEveryRight else { return nil }
        guard !path.isList || every == nil else {
            reader.diagnostics.report(
                at: reader.node["every"] ?? reader.node, path: reader.path("every"),
                expected: "one time for the whole list", found: "a time of each sample, `[*]` in `path`")
            return nil
        }
        return JSONTime(path: path, stamp: stamp, every: every)
    }

    /// Whether a path leads to what a value of this kind can be read from.
    private static func fits(
        _ path: JSONPath, _ kind: ValueMeaning.Kind, _ time: JSONTime?, _ reader: MappingReader
    ) -> Bool {
        func refuse(expected: String, found: String) -> Bool {
            reader.diagnostics.report(
                at: (reader.node["path"] ?? reader.node).mark, path: reader.path("path"), expected: expected,
                found: found)
            return false
        }
        if case .waveform = kind {
            return path.isList
                || refuse(expected: "a path with [*], whose numbers are the window", found: "one without")
        }
        guard path.isList else { return true }
        guard let time else {
            return refuse(
                expected: "`time` beside [*], which says when each sample was measured", found: "a list without times")
        }
        guard time.path.isList || time.every != nil else {
            return refuse(
                expected: "a time of each sample: [*] in `time.path`, or `time.every`",
                found: "one time for the whole list")
        }
        return true
    }

    /// Whether lists and times belong together, and no array is asked for its elements in two ways.
    private static func listsFit(
        _ rule: PayloadRule, _ paths: [JSONPath], _ time: JSONTime?, _ entry: MappingReader
    ) -> Bool {
        let isRow = zip(rule.tags, paths).contains { tag, path in
            if case .waveform = tag.meaning.kind { false } else { path.isList }
        }
        if let time, time.path.isList || time.every != nil, !isRow {
            entry.diagnostics.report(
                at: entry.node["time"] ?? entry.node, path: entry.path("time"),
                expected: "a value with [*] in its path, each sample of which has a time", found: "none")
            return false
        }
        let all = paths + (time.map { [$0.path] } ?? [])
        // Only these can conflict with anything.
        let lists = all.filter(\.isList)
        for list in lists where all.contains(where: { $0.conflicts(with: list) }) {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("path"), expected: "[*] or numbers such as [0] for one array",
                found: "both")
            return false
        }
        return true
    }
}
