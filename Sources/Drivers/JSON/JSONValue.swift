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
}

/// Why a text is no JSON; `at` counts bytes from 0.
enum JSONError: Error, Hashable, Sendable {
    case cutShort
    case unexpected(UInt8, at: Int)
    case trailing(at: Int)
    case tooDeep(at: Int)
    /// More digits than any device has a reason to send.
    case numberTooLong(at: Int)
    case notUTF8
}
