import ArgumentParser

struct BenchStation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station", abstract: "Measure how long a part waits for its verdict and for the reject gate.",
        discussion: """
            A station with its store on this disk, and a Modbus slave over TCP as the gate: from a picture in memory to the coil \
            written and read back, and to the verdict on the disk. A drawn part of 224 x 224 pixels is compared with a golden \
            one, unless a model and pictures are given.
            """)

    @Option(help: "How many pictures.")
    var pictures = 500

    @Option(help: "Model that `inspect fit` has made; with --from.", completion: .file(extensions: ["mwplan"]))
    var model: String?

    @Option(help: "Folder with pictures for the model.", completion: .directory)
    var from: String?

    @Option(
        help: "Empty folder to work in, on the disk to be measured; a temporary one unless given.",
        completion: .directory)
    var directory: String?

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard (1...100_000).contains(pictures) else { throw ValidationError("--pictures: expected 1 to 100000") }
        guard (model == nil) == (from == nil) else { throw ValidationError("expected --model and --from together") }
    }

    func run() async throws {
        let report = try await DrillDirectory.with(directory) { directory in
            try await GateBench(pictures: pictures, model: model, folder: from, directory: directory).run()
        }
        if json { return try JSONOutput.print(report) }
        func text(_ latency: StatusReport.Station.Latency) -> String {
            "p50 \(Format.fixed(latency.median, 2))  p99 \(Format.fixed(latency.p99, 2))  max \(Format.fixed(latency.longest, 2))"
        }
        Output.line(
            Format.table([
                [
                    "judged",
                    "\(report.pictures) pictures, \(report.mode): \(report.defects) defects, \(report.late) late",
                ],
                ["verdict", "\(text(report.to_verdict_ms)) ms after the picture came"],
                ["gate", "\(text(report.to_gate_ms)) ms: coil read, written, read back"],
                ["stored", "\(report.to_stored_ms.text) ms: verdict, receipt, audit on the disk"],
            ]))
    }
}
