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
            commandName: "run",
            abstract: "Run all stages of a pack's line: from what there is to learn from to a proven model.",
            discussion: """
                A machine's pack: curate, synthesize, train, quantize, prove. Without --asset the model learns from the pack's \
                simulated machine. With --asset and --config it learns from what the daemon has stored of that machine, which \
                must have run normally meanwhile. The same input and seed give the same file, byte for byte.

                A pack for pictures: synthesize, train, distil, export, quantize, prove, examine. Its own scripts draw the pictures and \
                train; what they need comes from PyPI once, about 1 GB, into an environment of its own. A training that is \
                cut goes on when it is run again.
                """)

        @Argument(help: "Folder of the solution pack.", completion: .directory)
        var pack: String

        @Option(help: "Where the model goes; the pack's own place unless given.")
        var output: String?

        @Option(help: "Where the report goes, as JSON; of a pack for pictures as a page where the name ends in .html.")
        var report: String?

        @Option(help: "Seed; the pack's own unless given.")
        var seed: UInt64?

        @Option(
            help: """
                Folder that keeps the outcome of each stage, so that an unchanged one is not run again; for a pack for \
                pictures one in the user's cache unless given.
                """)
        var cache: String?

        @Option(help: "Fit the model to this asset's stored windows.")
        var asset: String?

        @Option(help: "Configuration that declares the asset.", completion: .file(extensions: ["yaml"]))
        var config: String?

        @Option(help: "Of the stored windows, how many neighbours share samples (1 for windows apart).")
        var overlap = 1

        @Option(
            help:
                "Where the network in real numbers goes, .onnx; of a pack for pictures, the pack's own place unless given."
        )
        var exported: String?

        @Option(
            help: "Folder of the Python environment of a pack for pictures; in the user's cache unless given.",
            completion: .directory)
        var venv: String?

        @Option(
            help: "The Python that the environment is made with; looked for on PATH unless given.", completion: .file())
        var python: String?

        func run() async throws {
            let path = "\(pack)/pack.yaml"
            switch try Pack.parse(try TextFile.read(path), file: path) {
            case .rotatingMachine(let description): try await run(description)
            case .surfaceInspection(let description): try run(description)
            }
        }

        private func run(_ description: RotatingMachinePack) async throws {
            guard exported == nil, venv == nil, python == nil else {
                throw ValidationError("--exported, --venv, --python: expected a pack for pictures, found a machine's")
            }
            var recording: Recording?
            if let asset {
                guard let config else { throw ValidationError("--asset needs --config, which declares the asset") }
                recording = try await StoredRecording(
                    configuration: try PlantConfiguration.load(path: config), asset: asset
                )
                .read(pack: description, overlap: overlap)
            }
            let progress = LineProgress()
            let outcome = try RotatingMachineLine(
                pack: description, recording: recording, seed: seed, cacheDirectory: cache
            ).run(clock: SystemClock()) { progress.show($0) }
            progress.end()
            let target = output ?? "\(pack)/\(description.modelFile)"
            try OutputFile.write(outcome.plan, to: target)
            if let report { try OutputFile.write(try outcome.report.json(), to: report) }
            let made = outcome.report
            show(
                made.modelDigest, made.modelBytes, target,
                [
                    ["learnt from", "\(made.windows) windows of normal running"],
                    ["threshold", Format.fixed(made.card.threshold, 4)],
                    [
                        "held-out normal",
                        "largest \(Format.fixed(made.largestHeldOutRatio, 2)) x threshold, \(made.heldOutAbove) above",
                    ],
                    ["receipt", "\(made.receiptCases) cases proved"],
                ], made.stages)
        }

        private func run(_ description: SurfaceInspectionPack) throws {
            guard asset == nil, config == nil, overlap == 1 else {
                throw ValidationError("--asset, --config, --overlap: expected a machine's pack, found one for pictures")
            }
            let folder = try cache ?? UserCache.folder("millwright-line-\(description.name)", option: "--cache")
            let workshop = try PythonWorkshop(
                pack: pack, directory: "\(folder)/work", environment: venv, python: python)
            let progress = LineProgress()
            let outcome = try SurfaceInspectionLine(
                pack: description, scripts: try Self.scripts(workshop.scripts), workshop: workshop, seed: seed,
                cacheDirectory: folder
            ).run(clock: SystemClock()) { progress.show($0) }
            progress.end()
            let target = output ?? "\(pack)/\(description.modelFile)"
            try OutputFile.write(outcome.plan, to: target)
            try OutputFile.write(outcome.exported, to: exported ?? "\(pack)/\(description.exportedFile)")
            let made = outcome.report
            if let report {
                let isPage = report.hasSuffix(".html")
                let page = SurfaceLinePage(report: made, sheet: outcome.sheet)
                try OutputFile.write(isPage ? Array(page.html(.english).utf8) : try made.json(), to: report)
            }
            let worst = made.layers.compactMap(\.decibels).min()
            show(
                made.modelDigest, made.modelBytes, target,
                [
                    [
                        "learnt from",
                        "drawn pictures, \(made.history.last?.step ?? 0) steps, and \(made.distilled.last?.step ?? 0) from others",
                    ],
                    ["worst layer", "\(LayerRow.words(worst)) dB on \(made.comparedPictures) pictures"],
                    ["receipt", made.receipt],
                ], made.stages)
        }

        private static func scripts(_ folder: String) throws -> PackScripts {
            var files: [String: [UInt8]] = [:]
            for name in try DirectoryListing.names(in: folder) where !DirectoryListing.isDirectory("\(folder)/\(name)")
            {
                files[name] = try TextFile.read("\(folder)/\(name)")
            }
            return PackScripts(files)
        }

        private func show(
            _ digest: String, _ bytes: Int, _ target: String, _ rows: [[String]], _ stages: [StageTime]
        ) {
            let head = [["model", "\(target), \(Format.bytes(Int64(bytes)))"], ["sha256", digest]]
            let times = stages.map { [$0.name, $0.isCached ? "cached" : "\(Format.fixed($0.seconds, 1)) s"] }
            Output.line(Format.table(head + rows + times))
        }
    }
}

/// One line that says how far the run is; rewritten in place on a terminal, one line a stage elsewhere.
private final class LineProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var stage = ""

    func show(_ progress: StageProgress) {
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
