import ArgumentParser
import Arrays
import Deployment
import Graph
import Plant
import Profiles
import Store
import TestBench
import Testing

@testable import millwright

@Suite("a model on a chip: run tile by tile, compared, shown")
struct ModelOnChipTests {
    /// Convolution, depthwise, dense, softmax; names that would be markup.
    private static func plan(contract: String = "rockchip") throws -> [UInt8] {
        var builder = PlanBuilder(contract: contract)
        let scale = Quantization(scale: 0.05, zeroPoint: 0)
        let input = builder.input(name: "<image>", shape: [1, 9, 7, 3], quantization: scale)
        func weights(_ depth: Int, _ channels: Int) -> Weights.Source {
            Weights.Source(
                elements: (0..<depth * channels).map { Int8(truncatingIfNeeded: $0 &* 37 &- 11) }, scales: [0.002],
                bias: (0..<channels).map { Int32($0 * 5 - 20) })
        }
        let window = Window(kernel: (3, 3), padding: (1, 1, 1, 1))
        let first = try builder.convolution(input, weights(27, 20), window: window, output: scale, name: "<first>")
        let second = try builder.depthwiseConvolution(first, weights(9, 20), window: window, output: scale)
        let mean = try builder.mean(second, axes: 1..<3, shape: [1, 20], output: scale)
        let dense = try builder.fullyConnected(mean, weights(20, 4), output: scale)
        builder.output(try builder.softmax(dense, beta: 1, output: .init(scale: 1 / 256, zeroPoint: -128)))
        builder.attach(receipt: try ReceiptMaker.receipt(builder, cases: 2))
        return try builder.encode()
    }

    private static func profile(_ id: String) throws -> ChipProfile {
        try ProfileCatalogue.profile(
            named: id, in: ProfileCatalogue.load(directory: "\(Files.root)/firmware-profiles"))
    }

    private static func written(_ bytes: [UInt8], in directory: borrowing TempDirectory, _ name: String) throws
        -> String
    {
        let path = directory.file(name)
        try OutputFile.write(bytes, to: path)
        return path
    }

    @Test(arguments: ["rk3588", "rk3576", "rv1106"])
    func runsTileByTileAndAsTheKernelsDo(chip: String) throws {
        let directory = try TempDirectory()
        let plan = try Self.written(try Self.plan(), in: directory, "m.mwplan")
        let pixels = (0..<3 * 189).map { UInt8(truncatingIfNeeded: $0 &* 91) }
        let input = try Self.written(
            NPYArray(kind: .int8, shape: [3, 9, 7, 3], bytes: pixels).file, in: directory, "x.npy")
        let (tiled, kernels) = (directory.file("tiled.npy"), directory.file("kernels.npy"))
        let catalogue = "\(Files.root)/firmware-profiles"
        try ModelRun.parse([
            plan, "--input", input, "--output", tiled, "--profile", chip, "--profiles", catalogue, "--dump-layers",
            directory.file("layers"),
        ]).run()
        try ModelRun.parse([plan, "--input", input, "--output", kernels]).run()
        #expect(try TextFile.read(tiled) == TextFile.read(kernels))
        let layers = try Files.text(directory.file("layers/layers.json"))
        #expect(layers.contains("depthwise_convolution") && layers.contains("005.npy"))
        #expect(try NPYArray(TextFile.read(directory.file("layers/001.npy"))).shape == [1, 9, 7, 20])
    }

    @Test func aPlanOfAnotherContractIsRefusedByName() throws {
        let directory = try TempDirectory()
        let plan = try Self.written(try Self.plan(contract: "fp32"), in: directory, "m.mwplan")
        let input = try Self.written(
            NPYArray(kind: .int8, shape: [1, 9, 7, 3], bytes: [UInt8](repeating: 1, count: 189)).file, in: directory,
            "x.npy")
        #expect {
            try ModelRun.parse([
                plan, "--input", input, "--profile", "rk3588", "--profiles", "\(Files.root)/firmware-profiles",
            ]).run()
        } throws: {
            "\($0)".contains("expected a plan of contract rockchip, which is that of rk3588, found fp32")
        }
    }

    @Test(arguments: ["rk3588", "rk3566", "k230", "bm1688", "phytium"], Language.allCases)
    func thePageHasItsPlotsAndNothingThatIsNoNumber(chip: String, language: Language) throws {
        let memory = PlanMemory(copying: try Self.plan())
        let plan = try Plan(bytes: memory.bytes)
        let deployment = Deployment(plan, on: try Self.profile(chip))
        let html = DeploymentPage(
            deployment, plan, DeploymentReport(deployment, contract: "rockchip"), model: "a<b"
        ).html(language)
        withExtendedLifetime(memory) {}
        #expect(html.contains("<html lang=\"\(language.rawValue)\">"))
        #expect(html.contains("a&lt;b") && !html.contains("a<b") && !html.contains("<image>"))
        #expect(!html.contains("nan") && !html.contains("inf\""))
        // Each figure in both languages: timeline, limits, roofline, and two maps, where facts allow.
        let figures = html.split(separator: "<figure>").count - 1
        #expect(figures >= (chip == "rk3588" ? 5 : 1))
        #expect(html.split(separator: "<svg").count - 1 == 2 * figures)
        #expect(html.contains("depthwise_convolution"))
    }

    @Test func aFinishedPlanIsReportedAndLeftAsItIs() throws {
        let directory = try TempDirectory()
        let bytes = try Self.plan()
        let plan = try Self.written(bytes, in: directory, "m.mwplan")
        let (json, html) = (directory.file("m.json"), directory.file("m.html"))
        let catalogue = ["--profiles", "\(Files.root)/firmware-profiles"]
        try ModelCompile.parse([plan, "--profile", "rk3588", "--json", json, "--html", html] + catalogue).run()
        #expect(try TextFile.read(plan) == bytes)
        let report = try Files.text(json)
        // 9 * 7 positions count as 64: 64 * ceil(20 / 32) * max(4, 9) cycles.
        #expect(report.contains("\"npu_cycles\" : 576"))
        #expect(report.contains("\"limited_by\""))
        #expect(try Files.text(html).contains("</svg>"))
        #expect(throws: ValidationError.self) { try ModelCompile.parse([plan]).run() }
        #expect {
            try ModelCompile.parse([plan, "--profile", "bm1684x"] + catalogue).run()
        } throws: {
            "\($0)".contains("expected a plan of contract sophgo-bm, which is that of bm1684x, found rockchip")
        }
    }

    @Test func comparesAPlanOnEveryChip() throws {
        let directory = try TempDirectory()
        let plan = try Self.written(try Self.plan(), in: directory, "m.mwplan")
        let page = directory.file("page.html")
        try ProfilesCompare.parse([
            plan, "--profiles", "\(Files.root)/firmware-profiles", "--html", page,
        ]).run()
        let html = try Files.text(page)
        for chip in ["rk3588", "ascend310", "zhaoxin"] { #expect(html.contains("<td>\(chip)</td>")) }
        #expect(!html.contains("nan"))
    }

    @Test func accuracyIsCountedOnLabelledInputs() throws {
        let directory = try TempDirectory()
        // Two outputs that swap two inputs: the larger input's number is the other output.
        var builder = PlanBuilder(contract: "fp32")
        let scale = Quantization(scale: 1, zeroPoint: 0)
        let x = builder.input(name: "x", shape: [1, 2], quantization: scale)
        builder.output(
            try builder.fullyConnected(
                x, Weights.Source(elements: [0, 1, 1, 0], scales: [1], bias: [0, 0]), output: scale))
        let plan = try Self.written(try builder.encode(), in: directory, "m.mwplan")
        let inputs = try Self.written(
            NPYArray(kind: .int8, shape: [4, 2], bytes: [5, 1, 5, 0xFF, 0, 9, 0x80, 3]).file, in: directory, "x.npy")
        let labels = directory.file("y.csv")
        // The answers are 1, 1, 0, 0: three of four.
        try Files.write("row,label\n0,1\n1,1\n2,0\n3,1\n", to: labels)
        let model = try ComparedModel(path: plan, inputs: inputs, labels: (labels, "label"))
        #expect(model.referenceTop1 == 0.75)
        try Files.write("row,label\n0,1\n", to: labels)
        #expect(throws: ValidationError.self) {
            _ = try ComparedModel(path: plan, inputs: inputs, labels: (labels, "label"))
        }
    }
}
