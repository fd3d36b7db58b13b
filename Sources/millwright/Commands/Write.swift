import ArgumentParser
import Glibc
import Plant
import Store

/// Writes a value to a device, through the running daemon.
struct WriteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Write a value to a device, where the configuration allows it.",
        discussion: """
            The daemon reads what stands there, writes once, reads back and compares; every attempt is in `millwright audit`. \
            What it does not take up within seconds is never written.
            """)

    @Argument(help: "Tag, as the configuration names it.")
    var tag: String
    @Argument(help: "Value in the tag's unit.")
    var value: Double

    @Option(help: "Who writes.")
    var by: String

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup var place: StoreOption

    @Flag(help: "Print as JSON.")
    var json = false

    /// How often the daemon's answer is looked for.
    private static let interval = Duration.milliseconds(20)
    /// The daemon has taken the order and does not answer: the device's timeouts, three reads and some.
    private static let longestWait = Duration.seconds(120)

    struct Record: Encodable {
        var order: Int64
        var tag: String
        var value: Double
        var outcome: String
        var detail: String?
        var old: Double?
    }

    func validate() throws {
        guard value.isFinite else { throw ValidationError("the value must be a number") }
        guard (1...100).contains(by.utf8.count), reason.map({ $0.utf8.count <= 500 }) ?? true else {
            throw ValidationError("--by takes 1 to 100 bytes, --reason at most 500")
        }
    }

    func run() async throws {
        let reader = try place.reader()
        let ordered = try await reader.order(tag, value, by: by, reason: reason)
        let clock = ContinuousClock()
        let start = clock.now
        var current = ordered
        while current.state != .done, clock.now < start.advanced(by: Self.longestWait) {
            try await Task.sleep(for: Self.interval)
            if current.state == .waiting, clock.now >= start.advanced(by: WriteOrder.validity) {
                current = try await reader.withdraw(ordered.id) ?? current
            } else {
                current = try await reader.order(ordered.id) ?? current
            }
        }
        let record = Record(
            order: current.id, tag: tag, value: value, outcome: current.outcome ?? "unknown",
            detail: current.outcome == nil ? "the daemon has it and has not answered" : current.detail, old: current.old
        )
        if json { try JSONOutput.print(record) } else { Output.line(Self.text(record)) }
        guard record.outcome == "written" else { throw ExitCode.failure }
    }

    static func text(_ record: Record) -> String {
        let old = record.old.map { ", before it was \($0)" } ?? ""
        switch record.outcome {
        case "written": return "\(record.tag): \(record.value) written and read back\(old)"
        case "not_confirmed": return "\(record.tag): \(record.value) was written, but \(record.detail ?? "?")\(old)"
        case "expired": return "\(record.tag): not written: \(record.detail ?? "?"); does the daemon run?"
        case "unknown":
            return "\(record.tag): it is not known whether \(record.value) was written: \(record.detail ?? "?")\(old)"
        default: return "\(record.tag): not written: \(record.detail ?? "?")"
        }
    }
}
