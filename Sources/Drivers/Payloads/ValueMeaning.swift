import Plant

/// What a value of a payload means: a number, a text or a window, and by which rules it is read.
struct ValueMeaning: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case number
        case text
        case waveform(samples: Int, rateHertz: Double)
    }

    /// A word that stands for a number: `ON` for 1.
    struct Word: Hashable, Sendable {
        var text: [UInt8]
        var number: Double
    }

    var kind = Kind.number
    var scaling = Scaling()
    /// Whether a number may stand in quotes in JSON.
    var takesQuoted = false
    var words: [Word] = []
    /// What may stand behind a number in a text, such as its unit.
    var suffixes: [[UInt8]] = []
    /// Before the fraction of a number in a text.
    var point = UInt8(ascii: ".")

    /// The store keeps no longer text, and half of one would be another.
    static let maxTextBytes = 4_096

    var tagKind: TagDefinition.Kind {
        switch kind {
        case .number: .number
        case .text: .text
        case .waveform(let samples, let rate): .waveform(samples: samples, rateHertz: rate)
        }
    }

    /// Reads a value of JSON.
    func value(of value: JSONValue, in text: Span<UInt8>) -> PayloadValue {
        switch value {
        case .missing, .null: return PayloadValue(.missing)
        case .number(let number, _) where kind == .number: return self.number(number)
        case .boolean(let flag) where kind == .number: return number(flag ? 1 : 0)
        case .notFinite where kind == .number: return PayloadValue(.notFinite)
        case .string(let range):
            guard kind == .text || takesQuoted || !words.isEmpty else { return PayloadValue(.notANumber) }
            return string(text, range)
        case .number, .boolean, .notFinite, .container, .list: return PayloadValue(wrongType)
        }
    }

    /// Reads a text, such as a field of a line: blanks around it do not count.
    func value(ofText text: Span<UInt8>, _ range: Range<Int>) -> PayloadValue {
        var range = range
        while let first = range.first, Self.isBlank(text[first]) { range.removeFirst() }
        while let last = range.last, Self.isBlank(text[last]) { range.removeLast() }
        guard !range.isEmpty else { return PayloadValue(.missing) }
        return kind == .text ? Self.text(text, range) : number(text, range)
    }

    private var wrongType: PayloadFault {
        switch kind {
        case .number: .notANumber
        case .text: .notAText
        case .waveform: .notAList
        }
    }

    private func number(_ raw: Double) -> PayloadValue {
        let (value, quality) = scaling.value(of: raw)
        return PayloadValue(value, quality)
    }

    private func string(_ text: Span<UInt8>, _ range: Range<Int>) -> PayloadValue {
        guard range.contains(where: { text[$0] == UInt8(ascii: "\\") }) else { return unescaped(text, range) }
        var bytes: [UInt8] = []
        do throws(JSONError) {
            try JSONText.unescape(text, range, into: &bytes)
        } catch {
            return PayloadValue(wrongType)
        }
        return unescaped(bytes.span, 0..<bytes.count)
    }

    private func unescaped(_ text: Span<UInt8>, _ range: Range<Int>) -> PayloadValue {
        if kind == .text { return Self.text(text, range) }
        if !words.isEmpty, !takesQuoted { return word(text, range).map(number) ?? PayloadValue(.unknownWord) }
        return value(ofText: text, range)
    }

    private static func text(_ text: Span<UInt8>, _ range: Range<Int>) -> PayloadValue {
        guard range.count <= maxTextBytes else { return PayloadValue(.wrongLength) }
        let bytes = range.map { text[$0] }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), let string = String(validating: bytes, as: UTF8.self)
        else { return PayloadValue(.notAText) }
        return PayloadValue(.text(string), .good)
    }

    private func number(_ text: Span<UInt8>, _ range: Range<Int>) -> PayloadValue {
        if let number = word(text, range) { return self.number(number) }
        var at = range.lowerBound
        guard let found = DecimalNumber.loose(text, from: &at, to: range.upperBound, point: point) else {
            return PayloadValue(words.isEmpty ? .notANumber : .unknownWord)
        }
        while at < range.upperBound, Self.isBlank(text[at]) { at += 1 }
        let rest = at..<range.upperBound
        guard rest.isEmpty || suffixes.contains(where: { Self.isSame(text, rest, $0) }) else {
            return PayloadValue(suffixes.isEmpty ? .notANumber : .wrongUnit)
        }
        guard case .number(let number, _) = found else { return PayloadValue(.notFinite) }
        return self.number(number)
    }

    private func word(_ text: Span<UInt8>, _ range: Range<Int>) -> Double? {
        words.first { Self.isSame(text, range, $0.text) }?.number
    }

    private static func isSame(_ text: Span<UInt8>, _ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        range.count == bytes.count && zip(range, bytes).allSatisfy { text[$0] == $1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
