import CJSON

/// Finds the values of a ``JSONQuery`` in one pass over a text, without building a tree and without allocating.
///
/// Strict: the whole text must be one JSON value in UTF-8. The one extension is that `NaN`, `Infinity` and `-Infinity` are
/// read as what they say, because much software writes them; a value that is one of them is ``JSONValue/notFinite``.
/// - Source: RFC 8259.
final class JSONScanner {
    /// What devices send has 3 or 4 levels; the scanner recurses once a level.
    static let maxDepth = Int(MW_JSON_MAX_DEPTH)
    /// Of one list: as many as the largest window has samples.
    static let maxElements = Int(MW_JSON_MAX_ELEMENTS)

    // SAFETY: all memory that the C code gets is allocated here, as large as it is told, and freed once, at the end. The C
    // code reads the text within its bounds and writes to answers and to the guesses of fields and nodes only.
    private let query: UnsafeMutablePointer<mw_json_query>
    private let nodes: UnsafeMutableBufferPointer<mw_json_node>
    private let fields: UnsafeMutableBufferPointer<mw_json_field>
    private let names: UnsafeMutableBufferPointer<UInt8>
    private let elements: UnsafeMutableBufferPointer<mw_json_element>
    private let slots: UnsafeMutableBufferPointer<UInt32>
    private let answers: UnsafeMutableBufferPointer<mw_json_answer>

    /// Room for the elements of a list to begin with: a short window.
    private static let firstCapacity = 64

    init(_ query: JSONQuery) {
        nodes = Self.copy(query.nodes)
        fields = Self.copy(query.fields)
        names = Self.copy(query.names)
        elements = Self.copy(query.elements)
        slots = Self.copy(query.slots)
        answers = Self.copy(
            query.isList.map { isList in
                var answer = mw_json_answer()
                if isList {
                    answer.list = .allocate(capacity: Self.firstCapacity)
                    answer.capacity = UInt32(Self.firstCapacity)
                }
                return answer
            })
        self.query = .allocate(capacity: 1)
        self.query.initialize(
            to: mw_json_query(
                nodes: nodes.baseAddress, fields: fields.baseAddress, names: names.baseAddress,
                elements: elements.baseAddress, slots: slots.baseAddress, answers: answers.baseAddress,
                answer_count: UInt32(answers.count)))
    }

    deinit {
        for answer in answers { answer.list?.deallocate() }
        query.deallocate()
        answers.deallocate()
        slots.deallocate()
        elements.deallocate()
        names.deallocate()
        fields.deallocate()
        nodes.deallocate()
    }

    private static func copy<Element>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
        // SAFETY: initialized as a whole, of elements that need no end.
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
        _ = buffer.initialize(from: array)
        return buffer
    }

    /// Reads one text; the answers are in ``found(_:)`` and ``list(_:)`` until the next one.
    ///
    /// - Throws: at the first byte that is no JSON. The answers found before it must not be used.
    func scan(_ text: Span<UInt8>) throws(JSONError) {
        guard text.count <= Int(MW_JSON_MAX_TEXT_BYTES) else { throw .tooMany(at: Int(MW_JSON_MAX_TEXT_BYTES)) }
        while true {
            // SAFETY: the bytes are read during the call only.
            let result = text.withUnsafeBufferPointer { mw_json_scan(query, $0.baseAddress, $0.count) }
            let at = Int(result.at)
            switch result.outcome {
            case MW_JSON_READ: return
            case MW_JSON_LIST_FULL: grow(at)
            case MW_JSON_CUT_SHORT: throw .cutShort
            case MW_JSON_TRAILING: throw .trailing(at: at)
            case MW_JSON_TOO_DEEP: throw .tooDeep(at: at)
            case MW_JSON_NUMBER_TOO_LONG: throw .numberTooLong(at: at)
            case MW_JSON_TOO_MANY: throw .tooMany(at: at)
            case MW_JSON_NOT_UTF8: throw .notUTF8(at: Self.firstWrongByte(text))
            default: throw .unexpected(text[at], at: at)
            }
        }
    }

    /// What stands at the place of a path.
    func found(_ slot: Int) -> JSONPlace { JSONPlace(answers[slot].found) }

    /// The number that stands there; nil where it is anything else.
    @inline(__always)
    func number(_ slot: Int) -> Double? {
        let place = answers[slot].found
        return place.kind == MW_JSON_NUMBER || place.kind == MW_JSON_WHOLE ? place.number : nil
    }

    /// Where that begins.
    @inline(__always)
    func position(_ slot: Int) -> Int { Int(answers[slot].found.at) }

    /// The elements of an answer that is a ``JSONValue/list``. All lists of one array have as many elements as it.
    func list(_ slot: Int) -> JSONList {
        // SAFETY: the scanner has written so many elements.
        JSONList(places: UnsafeBufferPointer(start: answers[slot].list, count: Int(answers[slot].count)))
    }

    private func grow(_ slot: Int) {
        let capacity = min(Int(answers[slot].capacity) * 4, Self.maxElements)
        answers[slot].list?.deallocate()
        answers[slot].list = .allocate(capacity: capacity)
        answers[slot].capacity = UInt32(capacity)
    }

    private static func firstWrongByte(_ text: Span<UInt8>) -> Int {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text)
            return 0
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}

/// The elements of a list, until the scanner reads the next text.
struct JSONList: RandomAccessCollection {
    // SAFETY: lies in the scanner, which keeps it until its next text; it is looked at before that only.
    let places: UnsafeBufferPointer<mw_json_place>

    var startIndex: Int { 0 }
    var endIndex: Int { places.count }

    subscript(index: Int) -> JSONPlace { JSONPlace(places[index]) }

    /// What the elements are with their scale, up to the first that is no number, or none that a float holds.
    func samples(_ scaling: Scaling) -> [Float] {
        [Float](unsafeUninitializedCapacity: places.count) { buffer, count in
            // SAFETY: there is room for each element, and those below `count` are written.
            for place in places {
                guard place.kind == MW_JSON_NUMBER || place.kind == MW_JSON_WHOLE else { return }
                let value = Float(place.number * scaling.scale + scaling.offset)
                guard value.isFinite else { return }
                buffer[count] = value
                count += 1
            }
        }
    }
}
