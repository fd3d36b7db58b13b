/// Finds the values of a ``JSONQuery`` in one pass over a text, without building a tree.
///
/// Strict: the whole text must be one JSON value in UTF-8. The one extension is that `NaN`, `Infinity` and `-Infinity` are
/// read as what they say, because much software writes them; a value that is one of them is ``JSONValue/notFinite``.
/// - Source: RFC 8259.
struct JSONScanner {
    /// What devices send has 3 or 4 levels; the scanner recurses once a level.
    static let maxDepth = 32
    /// Of one list: as many as the largest window has samples.
    static let maxElements = 262_144

    let query: JSONQuery
    /// The answers, by slot.
    private(set) var found: [JSONPlace]
    /// The elements of each answer that is a ``JSONValue/list``, by slot. All lists of one array have as many elements as it.
    private(set) var lists: [[JSONPlace]]
    private var at = 0
    /// Of the array whose elements are a list.
    private var element = 0
    /// Bits of everything that stood in strings: where none is beyond ASCII, the text is UTF-8.
    private var bits: UInt64 = 0
    private var escaped: [UInt8] = []

    init(_ query: JSONQuery) {
        self.query = query
        found = Array(repeating: .missing, count: query.isList.count)
        lists = Array(repeating: [], count: query.isList.count)
    }

    /// Reads one text; the answers are in ``found`` and ``lists`` until the next one.
    ///
    /// - Throws: at the first byte that is no JSON. The answers found before it must not be used.
    mutating func scan(_ text: Span<UInt8>) throws(JSONError) {
        (at, bits) = (0, 0)
        for slot in found.indices { found[slot] = .missing }
        for slot in query.listSlots { lists[slot].removeAll(keepingCapacity: true) }
        JSONBytes.skipSpace(text, &at)
        try value(text, node: 0, depth: 0)
        JSONBytes.skipSpace(text, &at)
        guard at == text.count else { throw .trailing(at: at) }
        if bits & 0x8080_8080_8080_8080 != 0 {
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: text)
            } catch {
                throw .notUTF8(at: error.byteOffsets.lowerBound)
            }
        }
    }

    private mutating func value(_ text: Span<UInt8>, node index: Int, depth: Int) throws(JSONError) {
        guard at < text.count else { throw .cutShort }
        let node = query.nodes[index]
        let start = at
        switch text[at] {
        case UInt8(ascii: "{"):
            set(node, .container, start)
            if node.fields.isEmpty { return try JSONBytes.skip(text, &at, depth: depth, bits: &bits) }
            try object(text, node, depth: depth)
        case UInt8(ascii: "["):
            set(node, .container, start)
            if node.each != nil || !node.elements.isEmpty {
                try array(text, node, depth: depth)
            } else {
                try JSONBytes.skip(text, &at, depth: depth, bits: &bits)
            }
        case UInt8(ascii: "\""):
            let range = try JSONBytes.string(text, &at, bits: &bits)
            set(node, .string(range), start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if at + 1 < text.count, text[at] == UInt8(ascii: "-"), text[at + 1] == UInt8(ascii: "I") {
                try JSONBytes.word(text, &at, "-Infinity")
                set(node, .notFinite, start)
            } else {
                let number = try JSONNumber.scan(text, from: &at)
                if node.isWanted { set(node, number.value(text), start) }
            }
        case let byte:
            guard let (word, value) = JSONBytes.words(byte) else { throw .unexpected(byte, at: at) }
            try JSONBytes.word(text, &at, word)
            set(node, value, start)
        }
    }

    private mutating func object(_ text: Span<UInt8>, _ node: JSONQuery.Node, depth: Int) throws(JSONError) {
        guard depth < Self.maxDepth else { throw .tooDeep(at: at) }
        at += 1
        JSONBytes.skipSpace(text, &at)
        if JSONBytes.take(text, &at, UInt8(ascii: "}")) { return }
        while true {
            guard at < text.count else { throw .cutShort }
            guard text[at] == UInt8(ascii: "\"") else { throw .unexpected(text[at], at: at) }
            let key = try JSONBytes.string(text, &at, bits: &bits)
            let child = try field(text, key, of: node)
            JSONBytes.skipSpace(text, &at)
            try JSONBytes.expect(text, &at, UInt8(ascii: ":"))
            JSONBytes.skipSpace(text, &at)
            if let child {
                try value(text, node: child, depth: depth + 1)
            } else {
                try JSONBytes.skip(text, &at, depth: depth + 1, bits: &bits)
            }
            JSONBytes.skipSpace(text, &at)
            if JSONBytes.take(text, &at, UInt8(ascii: "}")) { return }
            try JSONBytes.expect(text, &at, UInt8(ascii: ","))
            JSONBytes.skipSpace(text, &at)
        }
    }

    private mutating func array(_ text: Span<UInt8>, _ node: JSONQuery.Node, depth: Int) throws(JSONError) {
        guard depth < Self.maxDepth else { throw .tooDeep(at: at) }
        startLists(of: node)
        if let each = node.each, query.nodes[each].isPlain {
            return try list(text, query.slots[query.nodes[each].slots.lowerBound], node: each, depth: depth)
        }
        at += 1
        JSONBytes.skipSpace(text, &at)
        if JSONBytes.take(text, &at, UInt8(ascii: "]")) { return }
        var index = 0
        while true {
            let child = node.each ?? single(index, of: node)
            if let child {
                if node.each != nil {
                    guard index < Self.maxElements else { throw .tooMany(at: at) }
                    element = index
                }
                try value(text, node: child, depth: depth + 1)
                finishElement(index, of: node)
            } else {
                try JSONBytes.skip(text, &at, depth: depth + 1, bits: &bits)
            }
            JSONBytes.skipSpace(text, &at)
            if JSONBytes.take(text, &at, UInt8(ascii: "]")) { return }
            try JSONBytes.expect(text, &at, UInt8(ascii: ","))
            JSONBytes.skipSpace(text, &at)
            index += 1
        }
    }

    /// Where a single element leads.
    private func single(_ index: Int, of node: JSONQuery.Node) -> Int? {
        for place in node.elements where query.elements[place].index == index { return query.elements[place].node }
        return nil
    }

    /// An array each element of which is one answer: most often a window of numbers.
    private mutating func list(_ text: Span<UInt8>, _ slot: Int, node: Int, depth: Int) throws(JSONError) {
        // Taken out while it grows, so that each element is written in place.
        var list: [JSONPlace] = []
        swap(&list, &lists[slot])
        defer { swap(&list, &lists[slot]) }
        at += 1
        JSONBytes.skipSpace(text, &at)
        if JSONBytes.take(text, &at, UInt8(ascii: "]")) { return }
        while true {
            guard list.count < Self.maxElements else { throw .tooMany(at: at) }
            guard at < text.count else { throw .cutShort }
            let start = at
            if text[at] &- UInt8(ascii: "0") < 10
                || text[at] == UInt8(ascii: "-") && at + 1 < text.count && text[at + 1] != UInt8(ascii: "I")
            {
                let number = try JSONNumber.scan(text, from: &at)
                list.append(JSONPlace(value: number.value(text), at: start))
            } else {
                list.append(JSONPlace(value: try element(text, depth: depth + 1), at: start))
            }
            JSONBytes.skipSpace(text, &at)
            if JSONBytes.take(text, &at, UInt8(ascii: "]")) { return }
            try JSONBytes.expect(text, &at, UInt8(ascii: ","))
            JSONBytes.skipSpace(text, &at)
        }
    }

    /// An element of such an array that is no number.
    private mutating func element(_ text: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        switch text[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try JSONBytes.skip(text, &at, depth: depth, bits: &bits)
            return .container
        case UInt8(ascii: "\""): return .string(try JSONBytes.string(text, &at, bits: &bits))
        case UInt8(ascii: "-") where at + 1 < text.count:
            try JSONBytes.word(text, &at, "-Infinity")
            return .notFinite
        case UInt8(ascii: "-"): throw .cutShort
        case let byte:
            guard let (word, value) = JSONBytes.words(byte) else { throw .unexpected(byte, at: at) }
            try JSONBytes.word(text, &at, word)
            return value
        }
    }

    /// Of two arrays by the same name the last one counts, as it does of two values.
    private mutating func startLists(of node: JSONQuery.Node) {
        for index in node.lists {
            let slot = query.slots[index]
            found[slot] = JSONPlace(value: .list, at: at)
            lists[slot].removeAll(keepingCapacity: true)
        }
    }

    /// An element in which nothing was found has a place in the list all the same.
    private mutating func finishElement(_ index: Int, of node: JSONQuery.Node) {
        for place in node.lists {
            let slot = query.slots[place]
            if lists[slot].count == index { lists[slot].append(.missing) }
        }
    }

    private mutating func set(_ node: JSONQuery.Node, _ value: JSONValue, _ start: Int) {
        // An answer that should have been an array of the list.
        for index in node.lists { found[query.slots[index]] = JSONPlace(value: value, at: start) }
        for index in node.slots {
            let slot = query.slots[index]
            let place = JSONPlace(value: value, at: start)
            if !query.isList[slot] {
                found[slot] = place
            } else if lists[slot].count == element {
                lists[slot].append(place)
            } else {
                lists[slot][element] = place
            }
        }
    }

    /// Which wanted node a key leads to.
    private mutating func field(
        _ text: Span<UInt8>, _ key: Range<Int>, of node: JSONQuery.Node
    ) throws(JSONError) -> Int? {
        let prefix = JSONBytes.prefix(text, key)
        for index in node.fields {
            let field = query.fields[index]
            guard field.prefix == prefix, field.name.count == key.count else { continue }
            if key.count <= 8 || isSame(text, key, field.name) { return field.node }
        }
        guard key.contains(where: { text[$0] == UInt8(ascii: "\\") }) else { return nil }
        escaped.removeAll(keepingCapacity: true)
        try JSONText.unescape(text, key, into: &escaped)
        return query.fields[node.fields].first { query.names[$0.name].elementsEqual(escaped) }?.node
    }

    private func isSame(_ text: Span<UInt8>, _ key: Range<Int>, _ name: Range<Int>) -> Bool {
        for offset in 8..<key.count
        where text[key.lowerBound + offset] != query.names[name.lowerBound + offset] { return false }
        return true
    }
}
