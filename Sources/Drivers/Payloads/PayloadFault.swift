import Plant

/// What can be wrong with a payload or with one of its values; the raw value is the name in the counters.
enum PayloadFault: String, CaseIterable, Sendable {
    case json, csv, missing, notANumber = "not_a_number", notAText = "not_a_text", notAList = "not_a_list"
    case unknownWord = "unknown_word", wrongUnit = "wrong_unit", notFinite = "not_finite"
    case wrongLength = "wrong_length", tooLarge = "too_large", tooMany = "too_many", wrongTime = "wrong_time"
    case unknownTopic = "unknown_topic"

    var cause: Quality.Cause {
        switch self {
        case .json, .csv, .missing, .notANumber, .notAText, .notAList, .unknownWord, .wrongUnit, .wrongTime,
            .unknownTopic:
            .malformed
        case .notFinite: .notFinite
        case .wrongLength, .tooLarge, .tooMany: .wrongLength
        }
    }
}

/// A value of a payload, or what is wrong with it.
struct PayloadValue {
    var value: Sample.Value
    var quality: Quality
    /// Under which name it is counted; nil for a value that could be read.
    var fault: PayloadFault?

    init(_ fault: PayloadFault) {
        value = .none
        quality = .bad(fault.cause)
        self.fault = fault
    }

    init(_ value: Sample.Value, _ quality: Quality) {
        self.value = value
        self.quality = quality
        // What the scale makes of a finite number need not be one.
        fault = if case .bad(.notFinite) = quality { .notFinite } else { nil }
    }
}
