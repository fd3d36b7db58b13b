import ArgumentParser
import AssemblyLine
import Glibc
import Host
import Plant
import Scoring
import Store

struct LineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "line", abstract: "The AI line: from normal running to a proven model.",
        subcommands: [RunLine.self, LineVendor.self])

    struct RunLine: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Curate, synthesize, train, quantize and prove a pack's model.",
            discussion: """
                Without --asset the model learns from the pack's simulated machine. With --asset and --config it learns from what \
                the daemon has stored of that machine, which must have run normally meanwhile. The same input and seed give the \
                same file, byte for byte.
                """)

        @Argument(help: "Folder of the solution pack.", completion: .directory)
        var pack: String

        @Option(help: "Where the model goes; the pack's own place unless given.")
        var output: String?

        @Option(help: "Where the report goes, as JSON.")
        var report: String?

        @Option(help: "Seed; the pack's own unless given.")
        var seed: UInt64?

        @Option(help: "Folder that keeps the outcome of each stage, so that an unchanged one is not run again.")
        var cache: String?

        @Option(help: "Fit the model to this asset's stored windows.")
        var asset: String?

        @Option(help: "Configuration that declares the asset.", completion: .file(extensions: ["yaml"]))
        var config: String?

        @Option(help: "Of the stored windows, how many neighbours share samples (1 for windows apart).")
        var overlap = 1

        func run() async throws {
            let path = "\(pack)/pack.yaml"
            let description = try Pack.parse(try TextFile.read(path), file: path)
            var recording: Recording?
            if let asset {
                guard let config else { throw ValidationError("--asset needs --config, which declares the asset") }
                recording = try await StoredRecording(
                    configuration: try PlantConfiguration.load(path: config), asset: asset
                )
                .read(pack: description, overlap: overlap)
            }
            let progress = LineProgress()
            let outcome = try LineRun(pack: description, recording: recording, seed: seed, cacheDirectory: cache)
                .run(clock: SystemClock()) { progress.show($0) }
            progress.end()
            let target = output ?? "\(pack)/\(description.modelFile)"
            try OutputFile.write(outcome.plan, to: target)
            if let report { try OutputFile.write(try outcome.report.json(), to: report) }
            Output.line(Self.summary(outcome.report, target: target))
        }

        static func summary(_ report: LineReport, target: String) -> String {
            var rows = [
                ["model", "\(target), \(Format.bytes(Int64(report.modelBytes)))"], ["sha256", report.modelDigest],
                ["learnt from", "\(report.windows) windows of normal running"],
                ["threshold", Format.fixed(report.card.threshold, 4)],
                [
                    "held-out normal",
                    "largest \(Format.fixed(report.largestHeldOutRatio, 2)) x threshold, \(report.heldOutAbove) above",
                ],
                ["receipt", "\(report.receiptCases) cases proved"],
            ]
            for stage in report.stages {
                rows.append([stage.name, stage.isCached ? "cached" : "\(Format.fixed(stage.seconds, 1)) s"])
            }
            return Format.table(rows)
        }
    }
}

/// One line that says how far the run is; rewritten in place on a terminal, one line a stage elsewhere.
private final class LineProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var stage = ""

    func show(_ progress: LineRun.Progress) {
        if isTerminal {
            let percent = Format.fixed(progress.share * 100, 0)
            Output.errorText("\r\u{1B}[2K\(progress.stage) \(percent) %\(progress.isCached ? " (cached)" : "")")
        } else if progress.stage != stage {
            Output.error(progress.stage)
        }
        stage = progress.stage
    }

    func end() { if isTerminal { Output.errorText("\r\u{1B}[2K") } }
}
