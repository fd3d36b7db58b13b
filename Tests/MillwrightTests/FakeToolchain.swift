import ArgumentParser
import Arrays
import Glibc
import Graph
import Rig
import TestBench
import Testing

@testable import millwright

/// A catalogue with one chip and a toolchain of few lines that obeys the contract of `firmware-profiles/README.md`, a
/// float model, and its plan: what `line vendor` needs, without any vendor.
struct FakeToolchain {
    let directory: TempDirectory
    let python: String

    /// Golden inputs and outputs of the plan, two cases of four elements.
    static let cases: [Receipt.Case] = [
        .init(input: [2, 4, 6, 0xF6], output: [2, 4, 6, 0]), .init(input: [0, 9, 1, 1], output: [0, 9, 1, 1]),
    ]

    /// - Parameters:
    ///   - compile: Python lines that run in the work folder, with `job` and `json`; an answer that equals the receipt
    ///     unless given.
    ///   - version: the Python that it says it needs; the one it runs on unless given.
    init(
        compile: String = FakeToolchain.answering([[1, 2, 3, 0], [0, 4.5, 0.5, 0.5]]), version: String? = nil,
        chips: String = "rk3588", setup: String = "", missing: String = "[]", receipt: Receipt? = .init(cases: cases),
        contract: String = "rockchip"
    ) throws {
        directory = try TempDirectory()
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        python = try #require(
            path.split(separator: ":").map { "\($0)/python3" }.first { access($0, X_OK) == 0 }, "python3 is missing")
        for name in ["catalogue", "catalogue/rockchip", "catalogue/huawei", "venv", "venv/bin", "calibration"] {
            mkdir(directory.file(name), 0o755)
        }
        for chip in ["rockchip/rk3588", "huawei/ascend310"] {
            try OutputFile.write(
                try TextFile.read("\(Files.root)/firmware-profiles/\(chip).yaml"),
                to: directory.file("catalogue/\(chip).yaml"), isDurable: false)
        }
        symlink(python, directory.file("venv/bin/python"))
        let own = version.map { "'\($0)'" } ?? "'%d.%d' % sys.version_info[:2]"
        func indented(_ lines: String) -> String {
            (lines.isEmpty ? "pass" : lines).split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        }
        try Files.write(
            """
            import json, os, shutil, signal, struct, sys
            def npy(path, shape, values, kind='<f4', code='f'):
                header = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (kind, tuple(shape))
                header += ' ' * (63 - (10 + len(header)) % 64) + '\\n'
                with open(path, 'wb') as file:
                    file.write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(header)) + header.encode())
                    file.write(struct.pack('<%d%s' % (len(values), code), *values))
            def leave(**other):
                result = {'toolchain': 'fake 1.0', 'interface': 'rknn', 'file': 'model.rknn', 'outputs': [{'name': 'y'}],
                          'tensors': 3, 'tensors_given': 2, 'seconds': 0.5}
                result.update(other)
                with open('model.rknn', 'wb') as file: file.write(b'for the board')
                with open('result.json', 'w') as file: json.dump(result, file)
            step = sys.argv[1]
            if step == 'describe':
                print(json.dumps({'toolchain': 'fake 1.0', 'python': \(own), 'missing': \(missing), 'gigabytes': 0.1,
                                  'minutes': 1, 'chips': ['\(chips)']}))
            elif step == 'setup':
            \(indented(setup))
            elif step == 'compile':
                os.chdir(sys.argv[2])
                job = json.load(open('job.json'))
                print('compiling', file=sys.stderr)
            \(indented(compile))

            """, to: directory.file("catalogue/rockchip/toolchain.py"))
        try OutputFile.write(Self.model, to: directory.file("float.onnx"), isDurable: false)
        try OutputFile.write(try Self.plan(receipt, contract), to: directory.file("plan.mwplan"), isDurable: false)
        let calibration = NPYArray(
            kind: .float32, shape: [2, 4], bytes: [Float](repeating: 1.5, count: 8).withUnsafeBytes(Array.init))
        try OutputFile.write(calibration.file, to: directory.file("calibration/a.npy"), isDurable: false)
    }

    /// Lines that leave these answers, an array a case, and a model.
    static func answering(_ answers: [[Float]]) -> String {
        answers.enumerated().map { "npy('outputs-00\($0)-0.npy', [1, 4], \($1))" }.joined(separator: "\n") + "\nleave()"
    }

    /// Runs the command.
    func run(_ more: [String] = [], chip: String = "rk3588", python: String? = nil) throws {
        try LineVendor.parse(arguments(chip: chip, python: python) + more).run()
    }

    private func arguments(chip: String = "rk3588", python: String? = nil) -> [String] {
        [
            directory.file("float.onnx"), "--plan", directory.file("plan.mwplan"), "--profile", chip,
            "--profiles", directory.file("catalogue"), "--calibration", directory.file("calibration"),
            "--venv", directory.file("venv"), "--python", python ?? self.python, "--work", directory.file("work"),
            "--output", output,
        ]
    }

    /// Starts the command as a program of its own, which writes into `log`.
    func start() throws -> ChildProcess {
        try ChildProcess(
            try Files.program(), ["line", "vendor"] + arguments(), outputFile: log)
    }

    var log: String { directory.file("log") }

    var script: String { directory.file("catalogue/rockchip/toolchain.py") }
    var output: String { directory.file("bundle.mwplan") }

    /// The vendor's model in the plan that the command wrote.
    func written() throws -> (model: [UInt8], toolchain: String, agreement: VendorModel.Agreement)? {
        try TextFile.read(output).withUnsafeBytes { bytes in
            try Plan(bytes: bytes).vendorModels.first.map { ($0.bytes.array, $0.toolchain, $0.agreement) }
        }
    }

    /// y = relu(x), int8 in steps of a half.
    private static func plan(_ receipt: Receipt?, _ contract: String) throws -> [UInt8] {
        var builder = PlanBuilder(contract: contract)
        let step = Quantization(scale: 0.5, zeroPoint: 0)
        let x = builder.input(name: "x", shape: [1, 4], quantization: step)
        let table = (0..<256).map { Int8(max(Int($0) - 128, 0)) }
        builder.output(try builder.lookup(x, table: table, output: step, name: "y"))
        if let receipt { builder.attach(receipt: receipt) }
        return try builder.encode()
    }

    /// The same as an ONNX file.
    private static let model: [UInt8] = {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        func number(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }
        func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
        func port(_ name: String) -> [UInt8] {
            let shape = [1, 4].flatMap { field(1, number(1, $0)) }
            return text(1, name) + field(2, field(1, number(1, 1) + field(2, shape)))
        }
        let node = text(1, "x") + text(2, "y") + text(4, "Relu")
        let graph = field(1, node) + text(2, "g") + field(11, port("x")) + field(12, port("y"))
        return number(1, 8) + field(7, graph) + field(8, number(2, 13))
    }()
}
