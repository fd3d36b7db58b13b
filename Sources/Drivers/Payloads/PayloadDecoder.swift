import Plant

/// Turns the payloads of one topic rule into values.
struct PayloadDecoder {
    /// The value of one tag, or why there is none.
    struct Reading {
        /// Which of the rule's tags.
        var tag: Int
        var value: PayloadValue
        /// When the source says that it measured.
        var time: WallTime?
        /// Where in the payload the value begins; nil where there is none.
        var at: Int?
    }

    /// The word of the rule's format, which costs nothing to look at.
    private enum Format { case json, csv, number, text, waveform }

    /// What made a whole payload useless.
    struct Failure {
        var fault: PayloadFault
        /// At which byte it was noticed; nil at its end or where there is no such place.
        var at: Int?
    }

    /// Values that one message may bring. Any more and a batch of the store would be beyond its limit many times.
    static let maxReadings = 20_000

    let rule: PayloadRule
    private let format: Format
    let scanner: JSONScanner
    var lines: CSVReader
    /// What the tags of a JSON rule are: slots with one value, and slots with many samples.
    let singleSlots: [Int]
    let rowSlots: [Int]
    /// By tag, whether it is a number, and what one is worth. A copy of a whole rule costs more than all the rest of a small
    /// message.
    let isNumber: [Bool]
    let scalings: [Scaling]
    /// Where a JSON rule says when it was measured.
    let jsonTime: JSONTime?
    let stamp: TimeStamp?
    let isTimeList: Bool
    /// Those of the last payload; of one tag, oldest first.
    private(set) var readings: [Reading] = []
    /// How many of them are of this payload so far: those behind are written over, which is cheaper than to remove and append.
    private var count = 0
    private(set) var failure: Failure?

    init(_ rule: PayloadRule) {
        self.rule = rule
        var paths: [JSONPath] = []
        var maxFields = 0
        var separator = UInt8(ascii: ",")
        var jsonTime: JSONTime?
        switch rule.format {
        case .json(let values, let time):
            jsonTime = time
            paths = values + (time.map { [$0.path] } ?? [])
        // A text of JSON that is one number says it strictly.
        case .number: paths = [JSONPath("$")].compactMap(\.self)
        case .csv(let layout):
            separator = layout.separator
            maxFields = layout.maxFields
        case .text, .waveform: break
        }
        self.jsonTime = jsonTime
        stamp = jsonTime?.stamp
        isTimeList = jsonTime?.path.isList ?? false
        isNumber = rule.tags.map { $0.meaning.kind == .number }
        scalings = rule.tags.map(\.meaning.scaling)
        format =
            switch rule.format {
            case .json: .json
            case .csv: .csv
            case .number: .number
            case .text: .text
            case .waveform: .waveform
            }
        scanner = JSONScanner(JSONQuery(paths))
        lines = CSVReader(separator: separator, maxFields: maxFields)
        let isRow = rule.tags.indices.map { slot in
            if case .waveform = rule.tags[slot].meaning.kind { return false }
            return slot < paths.count && paths[slot].isList
        }
        rowSlots = rule.tags.indices.filter { isRow[$0] }
        singleSlots = rule.tags.indices.filter { !isRow[$0] }
    }

    /// Reads one payload into ``readings``.
    mutating func decode(_ payload: UnsafeRawBufferPointer) {
        count = 0
        failure = nil
        defer { trim() }
        // SAFETY: the span is used during this call only, and who calls keeps the payload for so long.
        payload.withMemoryRebound(to: UInt8.self) { bytes in
            let text = bytes.span
            switch format {
            case .json: json(text)
            case .number: number(text)
            case .text: add(0, rule.tags[0].meaning.value(ofText: text, 0..<text.count), nil, at: nil)
            case .csv: if case .csv(let layout) = rule.format { csv(text, layout) }
            case .waveform:
                if case .waveform(let format, let channels) = rule.format { waveform(payload.bytes, format, channels) }
            }
        }
    }

    /// Every tag gets the same fault.
    mutating func fail(_ fault: PayloadFault, at place: Int? = nil) {
        count = 0
        failure = Failure(fault: fault, at: place)
        for tag in rule.tags.indices { add(tag, PayloadValue(fault), nil, at: place) }
        trim()
    }

    mutating func add(_ tag: Int, _ value: PayloadValue, _ time: WallTime?, at place: Int?) {
        let reading = Reading(tag: tag, value: value, time: time, at: place)
        if count < readings.count {
            readings[count] = reading
        } else {
            readings.append(reading)
        }
        count += 1
    }

    private mutating func trim() {
        if count < readings.count { readings.removeLast(readings.count - count) }
    }

    private mutating func number(_ text: Span<UInt8>) {
        do throws(JSONError) {
            try scanner.scan(text)
        } catch {
            return fail(Self.saysNotFinite(text) ? .notFinite : .json, at: error.at)
        }
        let place = scanner.found(0)
        add(0, rule.tags[0].meaning.value(of: place.value, in: text), nil, at: place.at)
    }

    private mutating func waveform(_ payload: RawSpan, _ format: WaveformFormat, _ channels: [Int]) {
        guard payload.byteCount == format.payloadBytes else { return fail(.wrongLength) }
        for (tag, channel) in channels.enumerated() {
            let scaling = rule.tags[tag].meaning.scaling
            guard var samples = format.decode(payload, channel: channel, scaling) else {
                add(tag, PayloadValue(.notFinite), nil, at: nil)
                continue
            }
            let quality = scaling.judge(&samples)
            add(tag, PayloadValue(.waveform(samples), quality), nil, at: nil)
        }
    }

    /// Whether a text that is no JSON is what C prints for a number that is none.
    private static func saysNotFinite(_ text: Span<UInt8>) -> Bool {
        guard text.count <= 16 else { return false }
        let word = text.indices.map { text[$0] }
            .filter { $0 > 0x20 && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }.map { $0 | 0x20 }
        return ["nan", "inf", "infinity"].contains { word.elementsEqual($0.utf8) }
    }
}
