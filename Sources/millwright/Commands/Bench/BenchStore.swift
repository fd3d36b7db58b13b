import ArgumentParser

struct BenchStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Measure how many samples a second the store makes durable on this disk.",
        discussion: "Writes through the daemon's own writer: write-ahead log, full sync, checksums.")

    @Option(help: "Samples a commit.")
    var batch = 1_000

    @Option(help: "Tags that they belong to.")
    var tags = 1_000

    @OptionGroup var place: BenchIngest.Place

    func validate() throws {
        guard (1...20_000).contains(batch), (1...100_000).contains(tags) else {
            throw ValidationError("--batch, --tags: expected 1 to 20000, and 1 to 100000")
        }
    }

    func run() async throws {
        let report = try await DrillDirectory.with(place.directory) { directory in
            try await StoreBench(
                samplesPerCommit: batch, tags: tags, seconds: place.seconds, directory: directory
            ).run()
        }
        if place.json { return try JSONOutput.print(report) }
        Output.line(
            Format.table([
                [
                    "stored",
                    "\(Format.fixed(report.samples_per_second, 0)) samples a second, \(report.samples_per_commit) a commit",
                ],
                ["processor", "\(Format.fixed(report.us_per_sample, 2)) us a sample"],
                ["commit", "\(report.commit_ms.text) ms"],
                ["read back", "\(Format.fixed(report.read_back_us_per_sample, 2)) us a sample"],
                ["on disk", "\(Format.fixed(report.bytes_per_sample, 1)) bytes a sample, log included"],
            ]))
    }
}
