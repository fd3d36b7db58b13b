import Accelerators
import ArgumentParser
import Arrays
import Glibc
import Graph
import Plant
import Rig
import Runtime
import Store
import TestBench
import Testing

@testable import millwright

/// The daemon and the commands with a vendor's library, in whose place stands one of our own that computes plans.
@Suite(.serialized) struct AcceleratorTests {
    private static func library() throws -> String {
        "\(TextFile.directory(of: try Files.program()))/libConformingRuntime.so"
    }

    private static func program(fault: String = "") throws -> HostProgram {
        HostProgram(
            path: try Files.program(), arguments: [AcceleratorHost.command],
            environment: ["MILLWRIGHT_CONFORMING_FAULT": fault, "SWIFT_BACKTRACE": "enable=no"])
    }

    /// A plan that carries itself as the vendor's model: what the conforming library takes.
    private static func doubled(_ plan: [UInt8]) throws -> [UInt8] {
        try plan.withUnsafeBytes { bytes in
            try Plan(bytes: bytes).file(
                bytes, with: plan, interface: "rknn", chip: "rk3588", toolchain: "conforming 1.0",
                agreement: .init(
                    cases: 1, elements: 1, equalElements: 1, mostDifferingElements: 0, largestDifference: 0,
                    topOneEqual: 1))
        }
    }

    /// The pack, its model with a vendor's model in it.
    private static func pack(in folder: borrowing TempDirectory) throws -> String {
        // The model has the folder's name.
        let pack = folder.file("rotating-machine")
        for directory in [pack, "\(pack)/model"] { try #require(mkdir(directory, 0o755) == 0) }
        for name in ["pack.yaml", "rules.yaml"] {
            try OutputFile.write(try TextFile.read("\(Files.pack)/\(name)"), to: "\(pack)/\(name)")
        }
        let model = "model/rotating-machine.mwplan"
        try OutputFile.write(
            try doubled(try TextFile.read("\(Files.pack)/\(model)", limit: 1 << 24)), to: "\(pack)/\(model)")
        return pack
    }

    private static func section(_ library: String, takesOver: Bool = true, chip: String = "rk3588") -> String {
        "accelerator: { interface: rknn, chip: \(chip), library: \(library), cores: [0, 1], cpu_takes_over: \(takesOver) }"
    }

    /// Puts on the accelerator what waits for it, as the daemon does.
    private static func load(_ bench: JudgeBench, fault: String = "") async throws {
        let loader = AcceleratorLoader(program: try program(fault: fault), logger: JudgeBench.logger)
        while await loader.work(for: bench.judge) {}
    }

    private static let windows = 24

    /// Plays windows and gives what was said of them.
    private static func scores(_ bench: JudgeBench) async throws -> [String] {
        bench.start()
        for moment in try PlayedRecording.moments.get().prefix(windows) { try await bench.play(moment) }
        #expect(try await bench.judged(windows))
        await bench.stop()
        return try await bench.outbox().filter { $0.kind == .telemetry }.map { "\($0.body)" }
    }

    @Test func theJudgeScoresOnTheAcceleratorAsOnTheCPU() async throws {
        let folder = try TempDirectory()
        let pack = try Self.pack(in: folder)
        let bench = try await JudgeBench(
            plant: JudgeBench.plant(pack: pack, extra: Self.section(try Self.library())))
        try await Self.load(bench)
        let scores = try await Self.scores(bench)
        let status = try #require(await bench.judge.acceleratorStatus().first)
        #expect(status.state == "in use" && status.reason == nil)
        #expect(status.inferences == Self.windows && status.byCPU == 0)
        #expect(status.version.contains(".") && status.lastMicroseconds ?? 0 > 0)
        let alone = try await JudgeBench(plant: JudgeBench.plant(pack: pack))
        #expect(try await Self.scores(alone) == scores)
        #expect(await alone.judge.acceleratorStatus().isEmpty)
    }

    @Test func aLibraryThatCrashesLosesNoWindowAndIsTriedAgain() async throws {
        let folder = try TempDirectory()
        let pack = try Self.pack(in: folder)
        // The receipt's cases come first.
        let receipt = try TextFile.read("\(Files.pack)/model/rotating-machine.mwplan", limit: 1 << 24)
            .withUnsafeBytes { try Plan(bytes: $0).receiptCases }
        let bench = try await JudgeBench(
            plant: JudgeBench.plant(pack: pack, extra: Self.section(try Self.library())))
        try await Self.load(bench, fault: "crash=\(receipt + 10)")
        let scores = try await Self.scores(bench)
        var status = try #require(await bench.judge.acceleratorStatus().first)
        #expect(status.state == "the CPU computes" && status.reason?.contains("accelerator.host_ended") == true)
        #expect(status.inferences == 10 && status.byCPU == Self.windows - 10)
        let alone = try await JudgeBench(plant: JudgeBench.plant(pack: pack))
        #expect(try await Self.scores(alone) == scores)
        // Not before a minute has passed since that was seen; then the new process begins to count anew.
        try await Self.load(bench)
        bench.clock.advance(by: .seconds(59))
        #expect(await bench.judge.nextAcceleratorJob() == nil)
        bench.clock.advance(by: .seconds(2))
        try await Self.load(bench)
        status = try #require(await bench.judge.acceleratorStatus().first)
        #expect(status.state == "in use" && status.reason == nil)
        #expect(status.inferences == 10 && status.byCPU == Self.windows - 10)
    }

    @Test func withoutALibraryTheCPUComputesWhereItMayAndNobodyElse() async throws {
        let folder = try TempDirectory()
        let pack = try Self.pack(in: folder)
        let allowed = try await JudgeBench(
            plant: JudgeBench.plant(pack: pack, extra: Self.section("/nowhere/librknnrt.so")))
        // Before anything was tried, too.
        #expect(try await Self.scores(allowed).count == Self.windows)
        #expect(await allowed.judge.acceleratorStatus().first?.byCPU == Self.windows)
        try await Self.load(allowed)
        let status = try #require(await allowed.judge.acceleratorStatus().first)
        #expect(status.reason?.contains("accelerator.library_not_found: /nowhere/librknnrt.so") == true)
        #expect(status.byCPU == Self.windows)
        let refused = try await JudgeBench(
            plant: JudgeBench.plant(pack: pack, extra: Self.section("/nowhere/librknnrt.so", takesOver: false)))
        try await Self.load(refused)
        #expect(try await Self.scores(refused).isEmpty)
        let asset = try await refused.status()
        #expect(asset.state == "not judged" && asset.notJudged == Self.windows)
        #expect(asset.reason?.contains("accelerator.library_not_found") == true)
        #expect(await refused.judge.acceleratorStatus().first?.state == "not judged")
    }

    @Test func aPlanWithoutAModelForTheChipIsNamed() async throws {
        let folder = try TempDirectory()
        let bench = try await JudgeBench(
            plant: JudgeBench.plant(
                pack: try Self.pack(in: folder), extra: Self.section(try Self.library(), chip: "bm1684x")))
        try await Self.load(bench)
        let reason = await bench.judge.acceleratorStatus().first?.reason
        #expect(
            reason == "accelerator.no_model: expected an rknn model for bm1684x in the plan, found rknn for rk3588")
    }

    @Test(arguments: [
        (
            "interface: rknm, chip: a, cpu_takes_over: true",
            "accelerator.interface: expected one of rknn, acl, bmrt, cvi"
        ),
        ("interface: rknn, chip: a", "accelerator.cpu_takes_over: expected true or false, found nothing"),
        (
            "interface: rknn, chip: a, cpu_takes_over: true, cores: [64]",
            "accelerator.cores[0]: expected a whole number 0...63"
        ),
        ("interface: rknn, chip: a, cpu_takes_over: true, core: [1]", "did you mean `cores`?"),
        ("interface: rknn, chip: a, cpu_takes_over: true, allow: { elements: 1 }", "steps"),
    ])
    func aWrongSectionIsNamed(text: String, says: String) throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        try Files.write(JudgeBench.plant(extra: "accelerator: { \(text) }"), to: path)
        let error = #expect(throws: ConfigurationError.self) { try PlantConfiguration.load(path: path) }
        #expect(error.map { "\($0)".contains(says) } == true, "\(String(describing: error))")
    }

    @Test func theDaemonLoadsItAndAReloadTakesItAway() async throws {
        let daemon = try DaemonTests.RunningDaemon()
        let pack = try Self.pack(in: daemon.folder)
        // No broker: what is looked at needs no samples.
        let plant = { (extra: String) in
            JudgeBench.plant(pack: pack, extra: extra).replacing(
                "  webhook: { url: \"http://127.0.0.1:1/hook\" }\n", with: "")
        }
        try Files.write(plant(Self.section(try Self.library())), to: daemon.configuration)
        try daemon.start()
        try await daemon.waits("the accelerator") { $0.accelerators.first?.state == "in use" }
        #expect(daemon.report()?.accelerators.first?.chip == "rk3588")
        try Files.write(plant(Self.section("/nowhere.so")), to: daemon.configuration)
        daemon.reload()
        try await daemon.waits("the library that is not there") {
            $0.accelerators.first?.reason?.contains("accelerator.library_not_found") == true
        }
        try Files.write(plant(""), to: daemon.configuration)
        daemon.reload()
        try await daemon.waits("the CPU alone") { $0.accelerators.isEmpty }
        #expect(await daemon.stop() == .code(0))
    }

    @Test(arguments: [("hang_load", "the CPU computes"), ("hang_unload", "in use")])
    func theDaemonStopsAtOnceWhateverALibraryDoes(fault: String, state: String) async throws {
        let daemon = try DaemonTests.RunningDaemon()
        let pack = try Self.pack(in: daemon.folder)
        let plant = JudgeBench.plant(pack: pack, extra: Self.section(try Self.library())).replacing(
            "  webhook: { url: \"http://127.0.0.1:1/hook\" }\n", with: "")
        try Files.write(plant, to: daemon.configuration)
        try daemon.start(environment: ["MILLWRIGHT_CONFORMING_FAULT": fault])
        try await daemon.waits(state) { $0.accelerators.first?.state == state }
        let pid = try #require(daemon.child?.pid)
        #expect(await eventually { ProcessTable.children(of: pid).count == 1 })
        let host = ProcessTable.children(of: pid)
        let clock = ContinuousClock()
        let began = clock.now
        #expect(await daemon.stop() == .code(0))
        #expect(clock.now - began < .seconds(2))
        #expect(await eventually { host.allSatisfy { !ProcessTable.isRunning($0) } })
        #expect(try !Files.text(daemon.folder.file("log")).contains("accelerator does not compute"))
    }

    @Test func nobodyWaitsForALibraryThatDoesNotLetGo() async throws {
        let folder = try TempDirectory()
        let pack = try Self.pack(in: folder)
        let bench = try await JudgeBench(
            plant: JudgeBench.plant(pack: pack, extra: Self.section(try Self.library())))
        try await Self.load(bench, fault: "hang_unload")
        #expect(await bench.judge.acceleratorStatus().first?.state == "in use")
        var next = bench.configuration
        next.assets = []
        let clock = ContinuousClock()
        let began = clock.now
        try await bench.judge.configure(next)
        #expect(clock.now - began < .seconds(1))
        #expect(await bench.judge.acceleratorStatus().isEmpty)
        guard case .close(let sessions) = await bench.judge.nextAcceleratorJob() else {
            Issue.record("the loader has nothing to close")
            return
        }
        #expect(sessions.count == 1)
        for session in sessions { session.close() }
        #expect(await bench.judge.nextAcceleratorJob() == nil)
    }

    // MARK: commands

    private static func run(_ arguments: [String], fault: String = "", in folder: borrowing TempDirectory) async throws
        -> (code: ChildProcess.Exit, text: String)
    {
        let log = folder.file("log-\(arguments.hashValue)")
        let child = try ChildProcess(
            try Files.program(), arguments,
            environment: ["MILLWRIGHT_CONFORMING_FAULT": fault, "SWIFT_BACKTRACE": "enable=no"], outputFile: log)
        try #require(await eventually(within: .seconds(60)) { !child.isRunning })
        return (try #require(child.exit), try Files.text(log))
    }

    private static func model(in folder: borrowing TempDirectory) throws -> (plan: String, input: String) {
        var builder = PlanBuilder(contract: "rockchip")
        let scale = Quantization(scale: 0.05, zeroPoint: 0)
        let x = builder.input(name: "x", shape: [1, 4, 4, 2], quantization: scale)
        let weights = Weights.Source(
            elements: (0..<54).map { Int8($0 * 3 - 80) }, scales: [0.01], bias: [1, 2, 3])
        builder.output(
            try builder.convolution(
                x, weights, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)), output: scale))
        builder.attach(receipt: try ReceiptMaker.receipt(builder, cases: 2))
        let plan = folder.file("m.mwplan")
        try OutputFile.write(try doubled(try builder.encode()), to: plan)
        let input = folder.file("x.npy")
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try OutputFile.write(NPYArray(kind: .int8, shape: [2, 4, 4, 2], bytes: bytes).file, to: input)
        return (plan, input)
    }

    @Test func modelRunAndVerifyUseTheLibrary() async throws {
        let folder = try TempDirectory()
        let (plan, input) = try Self.model(in: folder)
        let chip = [
            "--profile", "rk3588", "--accelerator", "rknn", "--library", try Self.library(),
        ]
        let place = ["--profiles", "\(Files.root)/firmware-profiles"]
        let (onChip, onCPU) = (folder.file("chip.npy"), folder.file("cpu.npy"))
        let ran = try await Self.run(
            ["model", "run", plan, "--input", input, "--output", onChip] + chip + place, in: folder)
        #expect(ran.code == .code(0), "\(ran.text)")
        #expect(ran.text.contains("2 inferences") && ran.text.contains("0 by the CPU"))
        try ModelRun.parse([plan, "--input", input, "--output", onCPU]).run()
        #expect(try TextFile.read(onChip) == TextFile.read(onCPU))
        let verified = try await Self.run(["model", "verify", plan] + chip + place, in: folder)
        #expect(verified.code == .code(0) && verified.text.contains("proved by rk3588"), "\(verified.text)")
        // Wrong answers are refused by the receipt; with leave, the CPU computes.
        let wrong = try await Self.run(["model", "verify", plan] + chip + place, fault: "wrong", in: folder)
        #expect(wrong.code == .code(1) && wrong.text.contains("accelerator.wrong_answer"), "\(wrong.text)")
        // Whoever has looked at it may allow it.
        let allowed = try await Self.run(
            ["model", "verify", plan, "--allow-elements", "1", "--allow-steps", "1"] + chip + place, fault: "wrong",
            in: folder)
        #expect(allowed.code == .code(0) && allowed.text.contains("proved by rk3588"), "\(allowed.text)")
        let rescued = try await Self.run(
            ["model", "run", plan, "--input", input, "--output", onChip, "--cpu-takes-over"] + chip + place,
            fault: "wrong", in: folder)
        #expect(rescued.code == .code(0) && rescued.text.contains("2 by the CPU: accelerator.wrong_answer"))
        #expect(try TextFile.read(onChip) == TextFile.read(onCPU))
    }

    @Test(arguments: [
        (["--profile", "rk3588"], "--profile: expected --accelerator with it"),
        (["--accelerator", "rknn"], "--accelerator: expected a plan and --profile with it"),
        (["--accelerator", "rknn", "--profile", "rk3588", "--cpu-takes-over"], "--cpu-takes-over: expected none"),
        (["--accelerator", "rknn", "--profile", "rk3588", "--allow-steps", "1"], "expected both, found one"),
        (["--allow-steps", "1", "--allow-elements", "1"], "expected --accelerator"),
        (
            ["--accelerator", "rknn", "--profile", "rk3588", "--allow-steps", "256", "--allow-elements", "1"],
            "0 to 1,000,000 and 0 to 255"
        ),
    ])
    func modelVerifyRefusesWhatItCannotProve(options: [String], says: String) throws {
        #expect {
            try ModelVerify.parse(["m.mwplan"] + options)
        } throws: {
            ModelVerify.message(for: $0).contains(says)
        }
    }

    @Test func modelVerifyAsksTheCatalogueForTheChip() throws {
        let folder = try TempDirectory()
        let (plan, _) = try Self.model(in: folder)
        for (chip, says) in [("rk9999", "rk9999"), ("bm1684x", "expected a plan of contract sophgo-bm")] {
            #expect {
                try ModelVerify.parse([
                    plan, "--accelerator", "rknn", "--profile", chip, "--profiles", "\(Files.root)/firmware-profiles",
                ]).run()
            } throws: {
                ModelVerify.message(for: $0).contains(says) || "\($0)".contains(says)
            }
        }
    }
}
