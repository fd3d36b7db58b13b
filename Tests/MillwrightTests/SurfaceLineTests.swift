import Glibc
import Rig
import TestBench
import Testing

@testable import millwright

/// `millwright line run` of a pack for pictures, with scripts that take no time.
@Suite struct SurfaceLineTests {
    @Test func makesAPlanAndRunsAgainOnlyWhatHasChanged() async throws {
        let pack = try SmallSurfacePack()
        let page = pack.directory.file("report.html")
        let first = try await pack.run(["--report", page])
        try #require(first.exit == .code(0), "\(first.text)")
        #expect(try pack.ran() == ["calibration", "train", "distil", "export", "report"])
        #expect(first.text.contains("1 case proved"), "\(first.text)")
        let plan = try Files.bytes("\(pack.folder)/model/small.mwplan")
        let html = try Files.text(page)
        for word in ["YSBwaWN0dXJl", "Worst layers first", "误差最大的层在前", "features", "0.750", "蒸馏损失"] {
            #expect(html.contains(word), "\(word)")
        }

        let json = pack.directory.file("report.json")
        let second = try await pack.run(["--report", json])
        #expect(second.exit == .code(0) && !second.text.contains(" s\n"), "\(second.text)")
        #expect(try pack.ran() == [])
        #expect(try Files.bytes("\(pack.folder)/model/small.mwplan") == plan)
        #expect(try Files.text(json).contains("\"receiptCases\" : 1"))

        // A remark changes what `train.py` is; nothing that comes after has other inputs.
        try pack.write("train.py", SmallSurfacePack.train + "# the same\n")
        #expect(try await pack.run().exit == .code(0))
        #expect(try pack.ran() == ["train"])

        let verified = try await BackupCommandTests.run(
            ["model", "verify", "\(pack.folder)/model/small.mwplan"], in: pack.directory)
        #expect(verified.exit == .code(0), "\(verified.text)")
    }

    @Test func aScriptThatFailsSaysWhyAndTheNextRunGoesOnThere() async throws {
        let pack = try SmallSurfacePack()
        try pack.write(
            "train.py", "from common import ran\nran('train')\nraise SystemExit('error: stopped at step 3 of 6')\n")
        let cut = try await pack.run()
        #expect(cut.exit != .code(0) && cut.text.contains("train.py: stopped at step 3 of 6"), "\(cut.text)")
        #expect(try pack.ran() == ["calibration", "train"])
        try pack.write("train.py", SmallSurfacePack.train)
        #expect(try await pack.run().exit == .code(0))
        #expect(try pack.ran() == ["train", "distil", "export", "report"])
    }

    @Test func picturesThatTheNetworkCannotTakeAreRefusedAndNotKept() async throws {
        let pack = try SmallSurfacePack()
        try pack.write(
            "calibration.py", "from common import options\nopen(options()['output'], 'wb').write(b'no array')\n")
        let run = try await pack.run()
        #expect(run.exit != .code(0) && run.text.contains("stage synthesize: expected the mark"), "\(run.text)")
    }

    @Test func packagesThatCannotBeHadAreNamedWithTheReason() async throws {
        let pack = try SmallSurfacePack(requirements: "./no-such-package\n")
        let run = try await pack.run()
        // Without Python's own installer the environment cannot be made either; both say where and why.
        #expect(run.exit != .code(0) && run.text.contains("vendor.failed"), "\(run.text)")
        #expect(run.text.contains("no-such-package") || run.text.contains("ensurepip"), "\(run.text)")
        #expect(try pack.ran() == [])
    }

    @Test func optionsOfTheOtherKindOfPackAreRefused() async throws {
        let pack = try SmallSurfacePack()
        let machine = try await pack.run(["--asset", "fan-3"])
        #expect(machine.exit != .code(0) && machine.text.contains("expected a machine's pack"), "\(machine.text)")
    }
}
