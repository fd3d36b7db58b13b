internal import SQLite

/// One column's value on its way into a table.
enum ColumnValue {
    case integer(Int64?)
    case real(Double?)
    case text(String?)
    case blob([UInt8]?)
}

/// A row whose checksum does not hold, as text for those who look into it.
struct DamagedRow {
    /// Characters kept of one column.
    private static let widthLimit = 4_096
    /// Bytes kept of a blob, two characters each.
    static let blobLimit = widthLimit / 2

    /// The table.
    var source: String
    var row: Int64
    var content: String

    init(source: String, row: Statement) {
        self.source = source
        self.row = row.int64(at: 0)
        content = (0..<Int32(row.columnCount)).map { column in
            let text =
                switch row.storage(at: column) {
                case .blob: row.withBytes(at: column) { Self.hex($0.prefix(Self.blobLimit)) }
                default: row.text(at: column) ?? "null"
                }
            return "\(row.columnName(at: column))=\(text.prefix(Self.widthLimit))"
        }.joined(separator: "\n")
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}

extension RowChecksum {
    mutating func add(_ value: ColumnValue) {
        switch value {
        case .integer(let value?): add(value)
        case .real(let value?): add(value)
        case .text(let value?): add(value)
        case .blob(let value?): value.withUnsafeBytes { add(blob: $0) }
        case .integer(nil), .real(nil), .text(nil), .blob(nil): addNull()
        }
    }
}

extension Statement {
    /// Binds the values to the parameters 1, 2, ...
    func bind(_ values: [ColumnValue]) throws(SQLiteError) {
        var index: Int32 = 0
        for value in values {
            index += 1
            switch value {
            case .integer(let value): try bind(index, value)
            case .real(let value): try bind(index, value)
            case .text(let value): try bind(index, value)
            case .blob(let value): try bind(index, value)
            }
        }
    }

    /// Whether the last column is the checksum of the ones before it.
    func hasSoundChecksum(_ table: Table) -> Bool {
        let count = Int32(table.columns.count)
        return storage(at: count) == .integer && int64(at: count) == Int64(checksum(table, columns: count).value)
    }

    /// Of the first columns of a row.
    func checksum(_ table: Table, columns: Int32) -> RowChecksum {
        var checksum = RowChecksum(table: table.rawValue)
        for column in 0..<columns {
            switch storage(at: column) {
            case .integer: checksum.add(int64(at: column))
            case .real: checksum.add(double(at: column))
            case .text: withTextBytes(at: column) { checksum.add(text: $0) }
            case .blob: withBytes(at: column) { checksum.add(blob: $0) }
            case .null: checksum.addNull()
            }
        }
        return checksum
    }
}
