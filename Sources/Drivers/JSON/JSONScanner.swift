/// Finds the values of a ``JSONQuery`` in one pass over a text, without building a tree.
///
/// Strict: the whole text must be one JSON value. The one extension is that `NaN`, `Infinity` and `-Infinity` are read as
/// what they say, because much software writes them; a value that is one of them is ``JSONValue/notFinite``.
/// - Source: RFC 8259.
struct JSONScanner {
    /// What devices send has 3 or 4 levels; the scanner recurses once a level.
    static let maxDepth = 32

    let query: JSONQuery
    /// The answers, by slot.
    private(set) var values: [JSONValue]
    private var at = 0
    private var escaped: [UInt8] = []

    init(_ query: JSONQuery) {
        self.query = query
        values = Array(repeating: .missing, count: query.slotCount)
    }

    /// Reads one text; the answers are in ``values`` until the next one.
    ///
    /// - Throws: at the first byte that is no JSON. The answers found before it must not be used.
    mutating func scan(_ text: Span<UInt8>) throws(JSONError) {
        at = 0
        for slot in values.indices { values[slot] = .missing }
        skipSpace(text)
        try value(text, node: 0, depth: 0)
        skipSpace(text)
        guard at == text.count else { throw .trailing(at: at) }
    }

    private mutating func value(_ text: Span<UInt8>, node: Int?, depth: Int) throws(JSONError) {
        guard depth < Self.maxDepth else { throw .tooDeep(at: at) }
        guard at < text.count else { throw .cutShort }
        let wanted = node.map { !query.nodes[$0].slots.isEmpty } ?? false
        switch text[at] {
        case UInt8(ascii: "{"):
            if wanted { set(node, .container) }
            try object(text, node: node, depth: depth)
        case UInt8(ascii: "["):
            if wanted { set(node, .container) }
            try array(text, node: node, depth: depth)
        case UInt8(ascii: "\""):
            let range = try string(text)
            if wanted { set(node, .string(range)) }
        case UInt8(ascii: "t"): try word(text, "true", node: wanted ? node : nil, .boolean(true))
        case UInt8(ascii: "f"): try word(text, "false", node: wanted ? node : nil, .boolean(false))
        case UInt8(ascii: "n"): try word(text, "null", node: wanted ? node : nil, .null)
        case UInt8(ascii: "N"): try word(text, "NaN", node: wanted ? node : nil, .notFinite)
        case UInt8(ascii: "I"): try word(text, "Infinity", node: wanted ? node : nil, .notFinite)
        case UInt8(ascii: "-") where at + 1 < text.count && text[at + 1] == UInt8(ascii: "I"):
            try word(text, "-Infinity", node: wanted ? node : nil, .notFinite)
        default:
            let number = try JSONNumber.scan(text, from: &at)
            if wanted { set(node, number.value(text)) }
        }
    }

    private mutating func object(_ text: Span<UInt8>, node: Int?, depth: Int) throws(JSONError) {
        at += 1
        skipSpace(text)
        if take(text, UInt8(ascii: "}")) { return }
        while true {
            guard at < text.count else { throw .cutShort }
            guard text[at] == UInt8(ascii: "\"") else { throw .unexpected(text[at], at: at) }
            let key = try string(text)
            var child: Int?
            if let node { child = try field(text, key, of: node) }
            skipSpace(text)
            try expect(text, UInt8(ascii: ":"))
            skipSpace(text)
            try value(text, node: child, depth: depth + 1)
            skipSpace(text)
            if take(text, UInt8(ascii: "}")) { return }
            try expect(text, UInt8(ascii: ","))
            skipSpace(text)
        }
    }

    private mutating func array(_ text: Span<UInt8>, node: Int?, depth: Int) throws(JSONError) {
        at += 1
        skipSpace(text)
        if take(text, UInt8(ascii: "]")) { return }
        var index = 0
        while true {
            let child = node.flatMap { query.nodes[$0].elements.first { $0.index == index }?.node }
            try value(text, node: child, depth: depth + 1)
            skipSpace(text)
            if take(text, UInt8(ascii: "]")) { return }
            try expect(text, UInt8(ascii: ","))
            skipSpace(text)
            index += 1
        }
    }

    /// Which wanted node a key leads to.
    private mutating func field(_ text: Span<UInt8>, _ key: Range<Int>, of node: Int) throws(JSONError) -> Int? {
        let fields = query.nodes[node].fields
        guard !fields.isEmpty else { return nil }
        for (name, child) in fields where name.count == key.count {
            if zip(name, key).allSatisfy({ $0 == text[$1] }) { return child }
        }
        guard key.contains(where: { text[$0] == UInt8(ascii: "\\") }) else { return nil }
        escaped.removeAll(keepingCapacity: true)
        try JSONText.unescape(text, key, into: &escaped)
        return fields.first { $0.name == escaped }?.node
    }

    /// Checks a string and gives the range between its quotes, escapes unresolved.
    private mutating func string(_ text: Span<UInt8>) throws(JSONError) -> Range<Int> {
        at += 1
        let start = at
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at += 1
                return start..<(at - 1)
            case UInt8(ascii: "\\"): at += try JSONText.escapeLength(text, at)
            case 0..<0x20: throw .unexpected(text[at], at: at)
            default: at += 1
            }
        }
        throw .cutShort
    }

    private mutating func word(
        _ text: Span<UInt8>, _ word: StaticString, node: Int?, _ value: JSONValue
    ) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard at + index < text.count else { throw .cutShort }
            // SAFETY: the index is below the length that the static string gives itself.
            guard text[at + index] == word.utf8Start[index] else { throw .unexpected(text[at + index], at: at + index) }
        }
        at += word.utf8CodeUnitCount
        set(node, value)
    }

    private mutating func set(_ node: Int?, _ value: JSONValue) {
        guard let node else { return }
        for slot in query.nodes[node].slots { values[slot] = value }
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while at < text.count, text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09 { at += 1 }
    }

    private mutating func take(_ text: Span<UInt8>, _ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ text: Span<UInt8>, _ byte: UInt8) throws(JSONError) {
        guard at < text.count else { throw .cutShort }
        guard text[at] == byte else { throw .unexpected(text[at], at: at) }
        at += 1
    }
}
