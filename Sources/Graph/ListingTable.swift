/// Columns of a listing, as wide as their widest cell.
package struct ListingTable {
    package enum Side { case left, right }
    private let sides: [Side]
    private var rows: [[String]]

    package init(_ columns: [(title: String, side: Side)]) {
        sides = columns.map(\.side)
        rows = [columns.map(\.title)]
    }

    /// - Parameter cells: one a column.
    package mutating func append(_ cells: [String]) { rows.append(cells) }

    /// A line a row, the titles first.
    package var text: [String] {
        let widths = sides.indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
        return rows.map { row in
            let cells = row.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                return sides[column] == .left ? row[column] + gap : gap + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// `1,234,567`.
    package static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digits[index])
        }
    }
}
