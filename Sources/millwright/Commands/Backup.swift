import ArgumentParser
import Glibc
import Host
import Plant
import Store

/// One file with everything that the store holds.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store into one file, while the daemon runs, and check the copy.",
        discussion: """
            The file holds samples, alerts, models from the registry, pictures of feedback and all else in the store's file, \
            of the moment at which the copying began, but no evidence and no configuration, and is read again from the medium: every checksum in it. It can be looked into as it is (--store FILE), and becomes \
            the store of a box when it is put there as store.sqlite: docs/guides/get-data-out.md. Exit status 1 \
            when something in it is damaged: the file is kept, because the rest of it is sound.
            """)

    @Option(name: .customLong("to"), help: "File to make.", completion: .file())
    var target: String?

    @Option(help: "Make no backup, but check this one.", completion: .file())
    var check: String?

    @Flag(help: "Replace the file where there is one.")
    var force = false

    @OptionGroup var place: StoreOption

    @Flag(help: "Print as JSON.")
    var json = false

    /// Faults that are listed in a text; JSON has all that are named.
    private static let listedFaults = 20

    struct Record: Encodable {
        var path: String
        var bytes: Int64
        /// Nil for a file that is no backup.
        var taken: String?
        var samples, rows, lastSample: Int64
        var modelFiles, otherFiles: Int
        var damaged: Int64
        var faults: [String]
    }

    func validate() throws {
        guard (target == nil) != (check == nil) else { throw ValidationError("expected --to FILE or --check FILE") }
        guard check == nil || !force else { throw ValidationError("--force goes with --to") }
    }

    func run() async throws {
        // A limit on the size of files then fails the write, which is said, instead of ending the program.
        signal(SIGXFSZ, SIG_IGN)
        let progress = ProgressLine()
        let show: @Sendable (BackupProgress) -> Void = { step in progress.show { Self.text(step) } }
        defer { progress.end() }
        let record: Record
        if let check {
            let reader = try StoreReader(directory: check, clock: SystemClock(), logger: CommandLog.logger)
            let report = try await Interruptible.run { try await reader.check(onProgress: show) }
            record = Record(path: check, report)
        } else if let target {
            let reader = try place.reader()
            let force = force
            let report = try await Interruptible.run {
                try await reader.backup(to: target, replaces: force, onProgress: show)
            }
            progress.end()
            if report.isOnSameFileSystem {
                Output.error(
                    "note: \(target) is on the store's own file system: take a copy elsewhere before it breaks")
            }
            record = Record(path: target, report.check)
        } else {
            return
        }
        progress.end()
        if json { try JSONOutput.print(record) } else { say(record) }
        guard record.damaged == 0 else { throw ExitCode.failure }
    }

    private func say(_ record: Record) {
        let size = Format.bytes(record.bytes)
        let taken = record.taken.map { " of \($0)" } ?? ""
        let content =
            "\(record.path): \(size)\(taken), \(record.samples) samples, \(record.rows) other rows, "
            + "\(record.modelFiles) model files, \(record.otherFiles) pictures of feedback"
        guard record.damaged > 0 else { return Output.line("\(content); every checksum holds") }
        Output.line("\(content); \(record.damaged) DAMAGED, the rest is sound")
        for fault in record.faults.prefix(Self.listedFaults) { Output.error("damaged: \(fault)") }
        let rest = record.damaged - Int64(min(record.faults.count, Self.listedFaults))
        if rest > 0 { Output.error("and \(rest) more; --json names \(record.faults.count)") }
    }

    private static func text(_ step: BackupProgress) -> String {
        let (verb, done, total) =
            switch step {
            case .copying(let bytes, let total): ("copied", bytes, total)
            case .checking(let bytes, let total): ("read again", bytes, total)
            }
        return "\(verb) \(Format.bytes(done)) of \(Format.bytes(total))"
    }
}

extension BackupCommand.Record {
    fileprivate init(path: String, _ check: CheckReport) {
        self.init(
            path: path, bytes: check.bytes, taken: check.taken.map(ISO8601.string), samples: check.samples,
            rows: check.rows,
            lastSample: check.lastSample, modelFiles: check.modelFiles, otherFiles: check.otherFiles,
            damaged: check.faultCount,
            faults: check.faults.map(\.description))
    }
}
