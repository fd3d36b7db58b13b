import Plant
import YAML

extension ValueMeaning {
    /// Where a value comes from, which decides about its keys.
    enum Source {
        case number, json, window
        /// A field of a line, or a whole text.
        case line
    }

    /// A payload of 1 MiB of float32.
    static let maxSamples = 262_144
    /// More words or units for one value than a device has.
    private static let maxWords = 64

    /// Reads what a value means.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, from source: Source, point: UInt8) {
        self.init()
        self.point = point
        switch source {
        case .number, .window: break
        case .json: guard readKind(&reader, ["number", "text", "waveform"]) else { return nil }
        case .line: guard readKind(&reader, ["number", "text"]) else { return nil }
        }
        if kind == .text { return }
        guard let scaling = Scaling(reading: &reader) else { return nil }
        self.scaling = scaling
        guard kind == .number, source == .json || source == .line else { return }
        if source == .json { takesQuoted = reader.optional("quoted", .boolean, default: false) }
        suffixes = (reader.optional("suffix", .suffixes) ?? []).map { Array($0.utf8) }
        if source == .json, !suffixes.isEmpty, !takesQuoted {
            reader.diagnostics.report(
                at: reader.node["suffix"] ?? reader.node, path: reader.path("suffix"),
                expected: "`quoted: true` beside it: only a text can have one", found: "none")
            return nil
        }
        guard reader.has("words") else { return }
        guard let words = reader.optional("words", .words(Self.maxWords)) else { return nil }
        self.words = words
    }

    private mutating func readKind(_ reader: inout MappingReader, _ words: [String]) -> Bool {
        guard reader.has("type") else { return true }
        switch reader.optional("type", .choice(words)) {
        case "number": return true
        case "text":
            kind = .text
            return true
        case "waveform":
            let samples = reader.required("samples", .integer(1...Self.maxSamples))
            let rate = reader.required("rate", .sampleRate)
            guard let samples, let rate else { return false }
            kind = .waveform(samples: samples, rateHertz: rate)
            return true
        default: return false
        }
    }
}

extension TimeStamp {
    /// Reads `format` and `zone`.
    init?(reading reader: inout MappingReader) {
        guard let format = reader.required("format", .choice(Format.self)) else {
            _ = reader.has("zone")
            return nil
        }
        self.init(format: format)
        guard reader.has("zone") else { return }
        guard let zone = reader.optional("zone", .zone) else { return nil }
        guard format == .iso8601 else {
            reader.diagnostics.report(
                at: reader.node["zone"] ?? reader.node, path: reader.path("zone"),
                expected: "no zone: seconds since 1970 are UTC", found: "one")
            return nil
        }
        self.zone = zone
    }
}

extension Kind where T == JSONPath {
    static var jsonPath: Kind<JSONPath> {
        Kind<String>.string.map(
            expected: "a path such as $.values[0].temperature or $.samples[*].t, with [*] once at most"
        ) { JSONPath($0) }
    }
}

extension Kind where T == Double {
    /// Samples a second.
    static var sampleRate: Kind<Double> { number(0.001...10_000_000) }
}

extension Kind where T == Int {
    /// A zone as seconds ahead of UTC.
    fileprivate static var zone: Kind<Int> {
        Kind<String>.string.map(expected: "a zone such as Z, +08:00 or -05:30") {
            ISO8601.zone(Array($0.utf8).span, 0)
        }
    }
}

extension Kind where T == UInt8 {
    /// What stands between two fields: one character that cannot be part of a number or a name.
    static var separator: Kind<UInt8> {
        Kind<String>.string.map(expected: "one of \",\", \";\", \"|\", tab and space") { text in
            switch text {
            case ",", ";", "|": text.utf8.first
            case "tab": UInt8(ascii: "\t")
            case "space": UInt8(ascii: " ")
            default: nil
            }
        }
    }
}

extension Kind where T == CSVLayout.Column {
    /// The number of a column, the first one being 1; or, where there is a header, its name.
    static func column(hasHeader: Bool) -> Kind<CSVLayout.Column> {
        let expected =
            "the number of a column, 1...\(PayloadReader.maxColumns)"
            + (hasHeader ? ", or its name in the header" : " (names need `header: true`)")
        return Kind<String>.string.map(expected: expected) { text in
            guard let number = Int(text) else { return hasHeader ? .name(Array(text.utf8)) : nil }
            return (1...PayloadReader.maxColumns).contains(number) ? .number(number - 1) : nil
        }
    }
}

extension Kind where T == [String] {
    /// One or several texts.
    fileprivate static var suffixes: Kind<[String]> {
        Kind<String>.string.map { [$0] }.or(Kind<[String]>.sequence(of: .string, count: 1...16))
    }
}

extension Kind where T == [ValueMeaning.Word] {
    /// Words, each with its number.
    fileprivate static func words(_ limit: Int) -> Kind<[ValueMeaning.Word]> {
        .mapping { reader in
            var words: [ValueMeaning.Word] = []
            for text in reader.keyTexts {
                guard let number = reader.required(text, .number) else { return nil }
                words.append(ValueMeaning.Word(text: Array(text.utf8), number: number))
            }
            guard (1...limit).contains(words.count) else {
                reader.diagnostics.report(
                    at: reader.node, path: reader.path, expected: "1 to \(limit) words, each with its number",
                    found: "\(words.count)")
                return nil
            }
            return words
        }
    }
}
