import ArgumentParser
import Registry

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write telemetry as JSON lines to standard output, by device and number.",
        discussion: "May run beside a serving registry.")

    @OptionGroup var at: DirectoryOption

    @Option(help: "Only this box; all of them without it.")
    var device: String?

    @Option(help: "Only entries with a number above this one.")
    var after: Int64 = 0

    private static let rowsPerRead = 1_000

    func run() async throws {
        let archive = Archive(RegistryDirectory(at.directory))
        let devices = if let device { [device] } else { try await archive.devices().map(\.id) }
        for device in devices {
            var last = after
            while true {
                let rows = try await archive.telemetry(device: device, after: last, limit: Self.rowsPerRead)
                guard let newest = rows.last else { break }
                for row in rows { Output.bytes(row.json(device: device)) }
                last = newest.sequence
            }
        }
    }
}
