import CJSON

/// What stands at a wanted place of a JSON text.
enum JSONValue: Hashable, Sendable {
    case missing
    case null
    case boolean(Bool)
    /// The nearest double; and the exact value where it is a whole number that 64 bits hold.
    case number(Double, exact: Int64?)
    /// NaN, an infinity, or a number beyond the largest double.
    case notFinite
    /// The bytes between the quotes, escapes unresolved.
    case string(Range<Int>)
    /// An object or an array.
    case container
    /// An array whose elements were asked for; they stand in their list.
    case list
}

/// A value, and where in the text it begins.
struct JSONPlace: Hashable, Sendable {
    var value: JSONValue
    /// Counts bytes from 0; of a missing value, 0.
    var at: Int

    static let missing = JSONPlace(value: .missing, at: 0)
}

extension JSONPlace {
    init(_ place: mw_json_place) {
        at = Int(place.at)
        switch place.kind {
        case MW_JSON_NULL: value = .null
        case MW_JSON_FALSE: value = .boolean(false)
        case MW_JSON_TRUE: value = .boolean(true)
        case MW_JSON_NUMBER: value = .number(place.number, exact: nil)
        case MW_JSON_WHOLE: value = .number(place.number, exact: place.exact)
        case MW_JSON_NOT_FINITE: value = .notFinite
        case MW_JSON_STRING: value = .string((at + 1)..<Int(place.exact))
        case MW_JSON_CONTAINER: value = .container
        case MW_JSON_LIST: value = .list
        default: value = .missing
        }
    }
}

/// Why a text is no JSON; `at` counts bytes from 0.
enum JSONError: Error, Hashable, Sendable {
    case cutShort
    case unexpected(UInt8, at: Int)
    case trailing(at: Int)
    case tooDeep(at: Int)
    /// More digits than any device has a reason to send.
    case numberTooLong(at: Int)
    /// More elements of a list than a message may have.
    case tooMany(at: Int)
    case notUTF8(at: Int)

    /// Where it was noticed; nil at the end of the text.
    var at: Int? {
        switch self {
        case .cutShort: nil
        case .unexpected(_, let at), .trailing(let at), .tooDeep(let at), .numberTooLong(let at), .tooMany(let at),
            .notUTF8(let at):
            at
        }
    }
}
