import ArgumentParser
import Plant
import Store

/// The chained record of everything that was written to the field.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who wrote what to the field, when, and what became of it.",
        subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the newest entries.")

        @Option(help: "How many.")
        var limit = 50
        @OptionGroup var place: StoreOption
        @Flag(help: "Print as JSON.")
        var json = false

        struct Record: Encodable {
            var id: Int64
            var at, by, action, subject: String
            var old, new: Double?
            var outcome: String
            var reason: String?
            var digest: String
        }

        func run() async throws {
            let records = try await place.reader().auditEntries(limit: limit).map { entry in
                Record(
                    id: entry.id, at: ISO8601.string(entry.at), by: entry.by, action: entry.action,
                    subject: entry.subject, old: entry.old, new: entry.new, outcome: entry.outcome,
                    reason: entry.reason, digest: entry.digest)
            }
            if json { return try JSONOutput.print(records) }
            if records.isEmpty { return Output.line("Nothing was ever written.") }
            Output.line(
                Format.table(
                    records.map { record in
                        [
                            "\(record.id)", record.at, record.by, record.subject,
                            "\(record.old.map { "\($0)" } ?? "?") -> \(record.new.map { "\($0)" } ?? "?")",
                            record.outcome, record.reason ?? "",
                        ]
                    }))
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that no entry was changed, taken out or put in between.")

        @OptionGroup var place: StoreOption
        @Flag(help: "Print as JSON.")
        var json = false

        struct Record: Encodable {
            var isIntact: Bool
            var rows: Int?
            var head: String?
            var brokenAt: Int64?
            var reason: String?
        }

        func run() async throws {
            let verdict = try await place.reader().verifyAudit()
            let record =
                switch verdict {
                case .intact(let rows, let head): Record(isIntact: true, rows: rows, head: head)
                case .broken(let row, let reason): Record(isIntact: false, brokenAt: row, reason: reason)
                }
            if json {
                try JSONOutput.print(record)
            } else {
                switch verdict {
                case .intact(let rows, let head): Output.line("\(rows) entries, intact; head \(head)")
                case .broken(let row, let reason): Output.line("entry \(row): \(reason)")
                }
            }
            guard record.isIntact else { throw ExitCode.failure }
        }
    }
}
