import Plant

/// Turns the payloads of one topic rule into values.
struct PayloadDecoder {
    /// The value of one tag, or why there is none.
    struct Reading {
        var value: Sample.Value
        var quality: Quality
        /// Under which name the fault is counted; nil for a good value.
        var fault: Fault?
    }

    /// What can be wrong with a payload; the raw value is the name in the counters.
    enum Fault: String, CaseIterable {
        case json, missing, notANumber = "not_a_number", notFinite = "not_finite", wrongLength = "wrong_length"
        case tooLarge = "too_large", wrongTime = "wrong_time", unknownTopic = "unknown_topic"

        var cause: Quality.Cause {
            switch self {
            case .json, .missing, .notANumber, .wrongTime, .unknownTopic: .malformed
            case .notFinite: .notFinite
            case .wrongLength, .tooLarge: .wrongLength
            }
        }

        var reading: Reading { Reading(value: .none, quality: .bad(cause), fault: self) }
    }

    private let format: PayloadRule.Format
    private var scanner: JSONScanner
    private let tagCount: Int
    /// Those of the last payload, in the order of the rule's tags.
    private(set) var readings: [Reading] = []
    private(set) var sourceTime: WallTime?

    init(_ rule: PayloadRule) {
        format = rule.format
        tagCount = rule.tags.count
        switch rule.format {
        case .json(let paths, let time): scanner = JSONScanner(JSONQuery(paths + (time.map { [$0.path] } ?? [])))
        case .number:
            // A text of JSON that is one number says it strictly.
            scanner = JSONScanner(JSONQuery([JSONPath("$")].compactMap(\.self)))
        case .waveform: scanner = JSONScanner(JSONQuery([]))
        }
    }

    /// Reads one payload into ``readings`` and ``sourceTime``.
    mutating func decode(_ payload: UnsafeRawBufferPointer) {
        readings.removeAll(keepingCapacity: true)
        sourceTime = nil
        switch format {
        case .waveform(let format): readings.append(Self.waveform(payload, format))
        case .number: scan(payload, time: nil)
        case .json(_, let time): scan(payload, time: time)
        }
    }

    /// Every tag gets the same fault.
    mutating func fail(_ fault: Fault) {
        sourceTime = nil
        readings.removeAll(keepingCapacity: true)
        for _ in 0..<tagCount { readings.append(fault.reading) }
    }

    private mutating func scan(_ payload: UnsafeRawBufferPointer, time: JSONTime?) {
        // SAFETY: the span is used during this call only, and the library keeps the payload for so long.
        payload.withMemoryRebound(to: UInt8.self) { bytes in
            let text = bytes.span
            do {
                try scanner.scan(text)
            } catch {
                return fail(Self.saysNotFinite(payload) ? .notFinite : .json)
            }
            if let time {
                sourceTime = Self.time(scanner.values[tagCount], time.format, text)
                if sourceTime == nil {
                    // Without its time the value would be put at the wrong place of the history.
                    return fail(.wrongTime)
                }
            }
            for slot in 0..<tagCount { readings.append(Self.reading(scanner.values[slot])) }
        }
    }

    /// Whether a text that is no JSON is what C prints for a number that is none.
    private static func saysNotFinite(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard payload.count <= 16 else { return false }
        let word = payload.filter { $0 > 0x20 && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }.map { $0 | 0x20 }
        return ["nan", "inf", "infinity"].contains { word.elementsEqual($0.utf8) }
    }

    private static func reading(_ value: JSONValue) -> Reading {
        switch value {
        case .number(let number, _): Reading(value: .number(number), quality: .good)
        case .boolean(let flag): Reading(value: .number(flag ? 1 : 0), quality: .good)
        case .notFinite: Fault.notFinite.reading
        case .missing, .null: Fault.missing.reading
        case .string, .container: Fault.notANumber.reading
        }
    }

    private static func waveform(_ payload: UnsafeRawBufferPointer, _ format: WaveformFormat) -> Reading {
        guard payload.count == format.payloadBytes else { return Fault.wrongLength.reading }
        guard let values = format.decode(payload.bytes) else { return Fault.notFinite.reading }
        return Reading(value: .waveform(values), quality: .good)
    }

    private static func time(_ value: JSONValue, _ format: JSONTime.Format, _ text: Span<UInt8>) -> WallTime? {
        switch (format, value) {
        case (.iso8601, .string(let range)):
            // A date has nothing to escape, so its bytes are its text.
            ISO8601.parse(range.map { text[$0] })
        case (.unixSeconds, .number(let number, let exact)): unix(number, exact, 1_000_000_000)
        case (.unixMilliseconds, .number(let number, let exact)): unix(number, exact, 1_000_000)
        case (.unixNanoseconds, .number(let number, let exact)): unix(number, exact, 1)
        default: nil
        }
    }

    /// Whole numbers stay exact: a double has no room for nanoseconds since 1970.
    private static func unix(_ number: Double, _ exact: Int64?, _ nanoseconds: Int64) -> WallTime? {
        if let exact {
            let (product, overflow) = exact.multipliedReportingOverflow(by: nanoseconds)
            return overflow ? nil : WallTime(nanoseconds: product)
        }
        return Int64(exactly: (number * Double(nanoseconds)).rounded()).map { WallTime(nanoseconds: $0) }
    }
}
