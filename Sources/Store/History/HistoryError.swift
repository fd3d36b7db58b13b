/// Why a block of history or a rollup cannot be read.
package enum HistoryError: Error, Hashable, CustomStringConvertible {
    case length(expected: Int, found: Int)
    case version(expected: UInt8, found: UInt8)
    case checksum(expected: UInt32, found: UInt32)
    case count(limit: Int, found: Int)
    case field(expected: String, found: Int, offset: Int)

    package var code: String {
        switch self {
        case .length: "history.length"
        case .version: "history.version"
        case .checksum: "history.checksum"
        case .count: "history.count"
        case .field: "history.field"
        }
    }

    package var description: String {
        switch self {
        case .length(let expected, let found): "\(code): expected \(expected) bytes or more, found \(found)"
        case .version(let expected, let found): "\(code): expected version \(expected), found \(found)"
        case .checksum(let expected, let found): "\(code): expected checksum \(expected), found \(found)"
        case .count(let limit, let found): "\(code): expected 1 to \(limit) samples, found \(found)"
        case .field(let expected, let found, let offset):
            "\(code): expected \(expected) at byte \(offset), found \(found)"
        }
    }
}
