internal import Plant
internal import SQLite

/// An alert as a row of `alerts`.
extension Alert {
    init?(_ row: Statement) {
        guard let id = row.text(at: 1), let asset = row.text(at: 2), let code = row.text(at: 3),
            let severity = row.text(at: 4).flatMap(Severity.init), let state = row.text(at: 5).flatMap(AlertState.init),
            let features = row.text(at: 13).flatMap(ContributionText.parse), let modelDigest = row.text(at: 14),
            let title = LocalizedText(row, at: 15), let cause = LocalizedText(row, at: 17),
            let action = LocalizedText(row, at: 19)
        else { return nil }
        self.init(
            id: id, asset: asset, code: code, severity: severity, state: state,
            raisedAt: WallTime(nanoseconds: row.int64(at: 6)), score: row.optionalDouble(at: 10) ?? .nan,
            threshold: row.optionalDouble(at: 11) ?? .nan, features: features, modelDigest: modelDigest, title: title,
            cause: cause, action: action)
        acknowledgedAt = row.optionalInt64(at: 7).map { WallTime(nanoseconds: $0) }
        acknowledgedBy = row.text(at: 8)
        clearedAt = row.optionalInt64(at: 9).map { WallTime(nanoseconds: $0) }
        worstScore = row.optionalDouble(at: 12) ?? .nan
    }

    func columns(id number: Int64) -> [ColumnValue] {
        [
            .integer(number), .text(id), .text(asset), .text(code), .text(severity.rawValue), .text(state.rawValue),
            .integer(raisedAt.nanoseconds), .integer(acknowledgedAt?.nanoseconds), .text(acknowledgedBy),
            .integer(clearedAt?.nanoseconds), .finite(score), .finite(threshold), .finite(worstScore),
            .text(ContributionText.format(features)), .text(modelDigest), .text(title.english), .text(title.chinese),
            .text(cause.english), .text(cause.chinese), .text(action.english), .text(action.chinese),
        ]
    }
}

extension ColumnValue {
    /// A number; NULL for NaN and infinity, which SQLite does not keep.
    static func finite(_ value: Double?) -> ColumnValue { .real(value.flatMap { $0.isFinite ? $0 : nil }) }
}

extension LocalizedText {
    fileprivate init?(_ row: Statement, at column: Int32) {
        guard let english = row.text(at: column), let chinese = row.text(at: column + 1) else { return nil }
        self.init(english: english, chinese: chinese)
    }
}

/// Contributions as text, a line each: feature, share and deviation, a tab between; numbers come back exactly.
enum ContributionText {
    static func format(_ contributions: [Contribution]) -> String {
        contributions.map { item in
            let name = String(item.feature.map { $0 == "\t" || $0.isNewline ? " " : $0 })
            return "\(name)\t\(item.share)\t\(item.deviation)"
        }.joined(separator: "\n")
    }

    static func parse(_ text: String) -> [Contribution]? {
        var contributions: [Contribution] = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 3, let share = Double(parts[1]), let deviation = Double(parts[2]) else { return nil }
            contributions.append(Contribution(feature: String(parts[0]), share: share, deviation: deviation))
        }
        return contributions
    }
}
