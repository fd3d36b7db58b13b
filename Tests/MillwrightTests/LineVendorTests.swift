import ArgumentParser
import Arrays
import FoundationEssentials
import Glibc
import Graph
import TestBench
import Testing

@testable import millwright

@Suite("line vendor: a toolchain driven by its contract") struct LineVendorTests {
    private struct Job: Decodable {
        struct Port: Decodable, Equatable {
            var name: String
            var shape: [Int]
            var scale: Float?
            var zero_point: Int?
        }
        struct Range: Decodable, Equatable {
            var scale: Float
            var zero_point: Int
        }
        var format: Int
        var chip: String
        var model: String
        var inputs: [Port]
        var outputs: [Port]
        var tensors: [String: Range]
        var calibration: [[String]]
        var golden: [[String]]
    }

    @Test("the tool's model and the agreement are in the plan that is written")
    func bundle() throws {
        let fake = try FakeToolchain()
        try fake.run()
        let written = try #require(try fake.written())
        #expect(written.model == Array("for the board".utf8))
        #expect(written.toolchain == "fake 1.0")
        #expect(
            written.agreement
                == .init(
                    cases: 2, elements: 8, equalElements: 8, mostDifferingElements: 0, largestDifference: 0,
                    topOneEqual: 2))
        try ModelVerify.parse([fake.output]).run()
    }

    @Test("elements that the tool answers otherwise are counted")
    func differing() throws {
        let fake = try FakeToolchain(compile: FakeToolchain.answering([[1, 2, 3.5, 0], [5, 4.5, 0.5, 0]]))
        try fake.run(["--json"])
        #expect(
            try fake.written()?.agreement
                == .init(
                    cases: 2, elements: 8, equalElements: 5, mostDifferingElements: 2, largestDifference: 10,
                    topOneEqual: 1))
    }

    @Test("integers with a scale of their own are taken into ours")
    func integers() throws {
        let answers = [[4, 8, 12, 0], [0, 18, 2, 2]].enumerated()
            .map { "npy('outputs-00\($0)-0.npy', [4], [v - 100 for v in \($1)], '|i1', 'b')" }
        let fake = try FakeToolchain(
            compile: answers.joined(separator: "\n")
                + "\nleave(outputs=[{'name': 'y', 'scale': 0.25, 'zero_point': -100}])")
        try fake.run()
        #expect(try fake.written()?.agreement.equalElements == 8)
    }

    @Test("the work folder holds what the contract says")
    func work() throws {
        let fake = try FakeToolchain()
        try fake.run(["--scale", "2", "--offset", "0.5"])
        let work = fake.directory.file("work")
        let job = try JSONDecoder().decode(Job.self, from: Data(try TextFile.read("\(work)/job.json")))
        #expect((job.format, job.chip, job.model) == (1, "rk3588", "model.onnx"))
        #expect(job.inputs == [.init(name: "x", shape: [1, 4], scale: 0.5, zero_point: 0)])
        #expect(job.outputs == [.init(name: "y", shape: [1, 4], scale: 0.5, zero_point: 0)])
        #expect(job.tensors == ["x": .init(scale: 0.5, zero_point: 0), "y": .init(scale: 0.5, zero_point: 0)])
        #expect(job.calibration == [["calibration-000-0.npy"], ["calibration-001-0.npy"]])
        #expect(job.golden == [["golden-000-0.npy"], ["golden-001-0.npy"]])
        func floats(_ name: String) throws -> [Float] { try NPYArray(try TextFile.read("\(work)/\(name)")).floats() }
        #expect(try floats("calibration-001-0.npy") == [2, 2, 2, 2])
        #expect(try floats("golden-000-0.npy") == [1, 2, 3, -5])
        #expect(
            try TextFile.read("\(work)/model.onnx") == (try TextFile.read(fake.directory.file("float.onnx"))))
    }

    @Test("what an earlier run left is not taken for this one's")
    func stale() throws {
        let fake = try FakeToolchain()
        try fake.run()
        let quiet = try Files.text(fake.script).split(separator: "\n").filter { !$0.hasSuffix("leave()") }
        try Files.write(quiet.joined(separator: "\n"), to: fake.script)
        #expect(throws: VendorToolError.self) { try fake.run() }
    }

    @Test("an environment that is not there is made and filled, once")
    func environment() throws {
        // `missing` is empty as soon as setup has left its mark in the environment.
        let fake = try FakeToolchain(
            setup: "open(os.environ['MADE'] + '/mark', 'a').write('x')",
            missing: "[] if os.path.exists(os.environ.get('MADE', '') + '/mark') else ['fake==1.0']")
        let made = fake.directory.file("made")
        let base = fake.directory.file("python-with-venv")
        try Files.write(
            """
            #!/bin/sh
            [ "$1 $2" = "-m venv" ] || exec \(fake.python) "$@"
            mkdir -p "$3/bin"
            printf '#!/bin/sh\\nMADE=%s exec \(fake.python) "$@"\\n' "$3" >"$3/bin/python"
            chmod +x "$3/bin/python"

            """, to: base)
        chmod(base, 0o755)
        for _ in 0..<2 { try fake.run(["--venv", made], python: base) }
        #expect(try fake.written() != nil)
        #expect(try Files.text("\(made)/mark") == "x")
    }
}

@Suite("line vendor: what goes wrong is said, and no plan is written") struct LineVendorErrorTests {
    /// The command fails with a message that begins so and contains the rest.
    private static func expect(
        _ fake: FakeToolchain, _ code: String, _ parts: String..., chip: String = "rk3588", more: [String] = [],
        at location: SourceLocation = #_sourceLocation
    ) throws {
        try Files.write("as it was", to: fake.output)
        let error = #expect(throws: VendorToolError.self, sourceLocation: location) { try fake.run(more, chip: chip) }
        let text = "\(error.map { "\($0)" } ?? "")"
        #expect(text.hasPrefix(code + ": "), "\(text)", sourceLocation: location)
        for part in parts { #expect(text.contains(part), "\(text)", sourceLocation: location) }
        #expect(try Files.text(fake.output) == "as it was", sourceLocation: location)
    }

    @Test func aVendorWithoutAToolchain() throws {
        try Self.expect(
            FakeToolchain(), "vendor.no_toolchain", "ascend310", "huawei/toolchain.py", "rockchip", chip: "ascend310")
    }

    @Test func aChipThatTheToolDoesNotKnow() throws {
        try Self.expect(FakeToolchain(chips: "rk1"), "vendor.unknown_chip", "expected one of rk1, found rk3588")
    }

    @Test func anotherPython() throws {
        try Self.expect(FakeToolchain(version: "2.4"), "vendor.wrong_python", "expected Python 2.4, found 3.")
    }

    @Test func noPython() throws {
        let fake = try FakeToolchain(version: "2.4")
        let none = fake.directory.file("none")
        let toolchain = VendorToolchain(
            script: fake.script,
            description: .init(
                toolchain: "fake 1.0", python: "2.4", missing: [], gigabytes: 1, minutes: 1, chips: ["rk3588"]))
        let error = #expect(throws: VendorToolError.self) { try toolchain.python(environment: none, madeWith: nil) }
        #expect(error == .noPython(expected: "2.4", looked: "no python2.4 on PATH"))
    }

    @Test func packagesThatDoNotInstall() throws {
        let fake = try FakeToolchain(
            setup:
                "sys.exit(print('error: pip install ended with exit code 1; its log is here', file=sys.stderr) or 1)",
            missing: "['fake==1.0']")
        try Self.expect(
            fake, "vendor.failed", "toolchain.py setup: pip install ended with exit code 1; its log is here")
        try Self.expect(FakeToolchain(missing: "['fake==1.0']"), "vendor.failed", "still missing: fake==1.0")
    }

    @Test func anEnvironmentThatCannotBeMade() throws {
        let fake = try FakeToolchain()
        let base = fake.directory.file("python-without-venv")
        try Files.write(
            "#!/bin/sh\n[ \"$1\" = -c ] && exec \(fake.python) \"$@\"\n[ \"$3\" ] || exec \(fake.python) \"$@\"\n"
                + "echo ensurepip is not available\nexit 1\n", to: base)
        chmod(base, 0o755)
        let error = #expect(throws: VendorToolError.self) {
            try fake.run(["--venv", fake.directory.file("made")], python: base)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("-m venv: exit code 1: ensurepip is not available"))
    }

    @Test func aToolThatFails() throws {
        try Self.expect(
            FakeToolchain(compile: "sys.exit(print('error: step 2 failed; its log is l', file=sys.stderr) or 1)"),
            "vendor.failed", "toolchain.py compile: step 2 failed; its log is l", "(see ", "/work)")
        try Self.expect(
            FakeToolchain(compile: "raise ValueError('odd')"), "vendor.failed", "exit code 1: ValueError: odd")
        try Self.expect(
            FakeToolchain(compile: "os.kill(os.getpid(), signal.SIGKILL)"), "vendor.failed", "signal 9 (Killed)")
    }

    @Test func answersOfAnotherShape() throws {
        let right = "npy('outputs-000-0.npy', [1, 4], [0, 0, 0, 0])\n"
        try Self.expect(
            FakeToolchain(compile: right + "npy('outputs-001-0.npy', [2, 2], [0, 0, 0, 0])\nleave()"),
            "vendor.wrong_answer", "outputs-001-0.npy: expected shape [1, 4], found [2, 2]")
        try Self.expect(
            FakeToolchain(compile: right + "leave()"), "vendor.wrong_answer", "outputs-001-0.npy", "cannot be read")
    }

    @Test func aResultThatIsNone() throws {
        try Self.expect(
            FakeToolchain(compile: "pass"), "vendor.wrong_answer", "result.json: expected", "cannot be read")
        try Self.expect(
            FakeToolchain(compile: "open('result.json', 'w').write('{')"), "vendor.wrong_answer", "result.json")
        try Self.expect(
            FakeToolchain(compile: "leave(outputs=[])"), "vendor.wrong_answer", "expected 1 outputs, found 0")
        try Self.expect(FakeToolchain(compile: "leave(file='../x')"), "vendor.wrong_answer", "\"../x\"")
        try Self.expect(
            FakeToolchain(compile: "leave()\nopen('model.rknn', 'w').close()"), "vendor.wrong_answer", "an empty file")
    }

    @Test func aPlanWithoutAReceipt() throws {
        try Self.expect(FakeToolchain(receipt: nil), "vendor.no_receipt", "plan.mwplan", "--receipt 2")
    }

    @Test func thePlanOfAnotherChip() throws {
        try Self.expect(
            FakeToolchain(contract: "fp32"), "vendor.other_model", "contract rockchip for rk3588; found contract fp32")
    }

    @Test func thePlanOfAnotherModel() throws {
        let fake = try FakeToolchain()
        var builder = PlanBuilder(contract: "rockchip")
        let x = builder.input(name: "x", shape: [1, 2], quantization: .identity)
        let table = [Int8](repeating: 0, count: 256)
        builder.output(try builder.lookup(x, table: table, output: .identity, name: "y"))
        builder.attach(receipt: try builder.receipt(goldenInputs: [[1, 2]]))
        try OutputFile.write(try builder.encode(), to: fake.directory.file("plan.mwplan"))
        try Self.expect(fake, "vendor.other_model", "inputs x of 4 elements; found x of 2 elements")
    }
}
