import Foundation
import Profiles
import Testing

@Suite("Profiles: bad input is named with its line")
struct BadProfileTests {
    /// A good file that the cases below spoil.
    static let good = """
        chip: { id: ex100, name: EX100, vendor: Example, aliases: [ex101] }
        reach: bit-exact
        sources:
          guide: "SDK guide 2.1, p. 34"
        contract: { value: rockchip, status: measured, source: guide }
        engine:
          form: convolution_tile
          input_channels: { value: 32, status: measured, source: guide }
          output_channels: { value: 16, status: measured, source: guide }
          depthwise_channels: { value: 64, status: measured, source: guide }
          minimum_steps: { value: 4, status: measured, source: guide }
          position_block: { value: 16, status: measured, source: guide }
          mac_per_cycle: { value: 512, status: derived, source: product of the tile }
        compute:
          cores: { value: 2, status: vendor-doc, source: guide }
          clock_mhz: { value: 1000, status: vendor-doc, source: guide }
          int8_tops: { value: 2, status: vendor-doc, source: guide }
          watts: { value: unknown, source: not found }
        memory:
          on_chip: { value: 512KiB, status: vendor-doc, source: guide }
          dram_gb_per_s: { value: 12.8, status: vendor-doc, source: guide }
        quantization:
          activations: { value: [int8-asymmetric], status: measured, source: guide }
          convolution_weights: { value: [int8-symmetric-per-channel], status: measured, source: guide }
        operators:
          npu: { value: [Conv, Relu], status: measured, source: guide }
          fallback: { value: [Softmax], status: measured, source: guide }
          limits:
            - { operator: Conv, quantity: kernel_edge, most: 7, status: measured, source: guide }
        detection:
          - { device_tree: "example,ex100", names: chip, status: third-party, source: guide }
        """

    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var from: String
        var to: String
        /// What the message holds, the line first.
        var says: [String]
        var testDescription: String { what }
    }

    static let cases: [Case] = [
        .init(
            what: "unknown key", from: "int8_tops:", to: "int8_top:",
            says: ["ex100.yaml:17:", "found the key \"int8_top\"; did you mean `int8_tops`?"]),
        .init(
            what: "unknown section", from: "memory:", to: "memroy:",
            says: ["ex100.yaml:19:1: memroy", "did you mean `memory`?", "memory: expected"]),
        .init(
            what: "unknown key of a fact", from: "2, status: vendor-doc, source: guide",
            to: "2, statu: measured, source: guide",
            says: ["ex100.yaml:15:", "did you mean `status`?", "compute.cores.status: expected one of measured"]),
        .init(
            what: "missing source", from: "1000, status: vendor-doc, source: guide", to: "1000, status: vendor-doc",
            says: ["ex100.yaml:16:", "compute.clock_mhz.source: expected a source", "found nothing"]),
        .init(
            what: "missing reason of an unknown value", from: "unknown, source: not found", to: "unknown",
            says: ["ex100.yaml:18:", "compute.watts.source: expected a source"]),
        .init(
            what: "status of an unknown value", from: "unknown, source: not found",
            to: "unknown, status: measured, source: not found",
            says: ["ex100.yaml:18:", "expected no status beside an unknown value, found \"measured\""]),
        .init(
            what: "bad status", from: "value: 12.8, status: vendor-doc", to: "value: 12.8, status: vendor-docs",
            says: [
                "ex100.yaml:21:", "expected one of measured, vendor-doc, third-party, derived, found \"vendor-docs\"",
                "did you mean `vendor-doc`?",
            ]),
        .init(
            what: "source that is no name of the table", from: "value: 12.8, status: vendor-doc, source: guide",
            to: "value: 12.8, status: vendor-doc, source: guid",
            says: ["ex100.yaml:21:", "a name of `sources`, found \"guid\"; did you mean `guide`?"]),
        .init(
            what: "source that nothing uses", from: "  guide:", to: "  page: \"https://example.com\"\n  guide:",
            says: ["ex100.yaml:4:", "sources.page: expected a source that a fact names"]),
        .init(
            what: "contradictory tile", from: "value: 512, status: derived", to: "value: 1024, status: derived",
            says: [
                "ex100.yaml:13:", "engine.mac_per_cycle: expected 512, which is input_channels * output_channels",
                "found 1024",
            ]),
        .init(
            what: "half a tile", from: "output_channels: { value: 16, status: measured, source: guide }",
            to: "output_channels: { value: unknown, source: not found }",
            says: ["ex100.yaml:9:", "engine.output_channels: expected a known value", "form: unknown"]),
        .init(
            what: "zero", from: "value: 32,", to: "value: 0,",
            says: ["ex100.yaml:8:", "expected a whole number 1...4096, found \"0\""]),
        .init(
            what: "negative", from: "value: 12.8,", to: "value: -12.8,",
            says: ["ex100.yaml:21:", "memory.dram_gb_per_s.value: expected a number", "found \"-12.8\""]),
        .init(
            what: "more than 1 TiB", from: "value: 512KiB", to: "value: 2TiB",
            says: ["ex100.yaml:20:", "memory.on_chip.value: expected an amount of memory 1KiB...1TiB", "\"2TiB\""]),
        .init(
            what: "memory without a unit", from: "value: 512KiB", to: "value: 512",
            says: ["ex100.yaml:20:", "expected an amount of memory", "found \"512\""]),
        .init(
            what: "peak that clock and tile do not give",
            from: "value: 2, status: vendor-doc, source: guide }\n  watts",
            to: "value: 8, status: vendor-doc, source: guide }\n  watts",
            says: ["ex100.yaml:17:", "compute.int8_tops: expected 2.048 within a factor of 1.5: 2 cores", "found 8.0"]),
        .init(
            what: "operator on the NPU and falling back", from: "[Softmax]", to: "[Softmax, Relu]",
            says: ["ex100.yaml:27:", "operators.fallback: expected each operator in one list", "Relu", "in npu too"]),
        .init(
            what: "operator twice", from: "[Conv, Relu]", to: "[Conv, Conv]",
            says: ["ex100.yaml:26:", "operators.npu.value: expected each operator once"]),
        .init(
            what: "operator that ONNX does not have", from: "[Conv, Relu]", to: "[Convv, Relu]",
            says: [
                "ex100.yaml:26:", "operators.npu.value[0]: expected an operator by its name in ONNX, found \"Convv\"",
                "did you mean `Conv`?",
            ]),
        .init(
            what: "limit of what falls back", from: "operator: Conv,", to: "operator: Softmax,",
            says: ["ex100.yaml:29:", "expected an operator that runs on the NPU, found Softmax, which falls back"]),
        .init(
            what: "unknown contract", from: "value: rockchip", to: "value: rockship",
            says: ["ex100.yaml:5:", "contract.value: expected one of tflite", "found \"rockship\"", "`rockchip`?"]),
        .init(
            what: "reach beyond the facts", from: "value: rockchip, status: measured",
            to: "value: rockchip, status: third-party",
            says: [
                "ex100.yaml:5:", "expected a measured contract, for reach is bit-exact, found one that is third-party",
            ]),
        .init(
            what: "reach without a contract", from: "{ value: rockchip, status: measured, source: guide }",
            to: "{ value: unknown, source: not found }",
            says: ["ex100.yaml:5:", "expected a contract, for reach is bit-exact, found none"]),
        .init(
            what: "contract without reach", from: "reach: bit-exact", to: "reach: facts-only",
            says: ["ex100.yaml:5:", "expected no contract, for reach is facts-only, found rockchip"]),
        .init(
            what: "reach with unknown formats",
            from: "{ value: [int8-asymmetric], status: measured, source: guide }",
            to: "{ value: unknown, source: not found }",
            says: ["ex100.yaml:5:", "quantization.activations: expected a known value, for reach is bit-exact"]),
        .init(
            what: "number instead of a fact", from: "{ value: 2, status: vendor-doc, source: guide }\n  clock",
            to: "2\n  clock",
            says: ["ex100.yaml:15:", "compute.cores: expected a fact: { value, status, source }", "found \"2\""]),
        .init(
            what: "missing section", from: "compute:", to: "x:", says: ["ex100.yaml:1:1: compute: expected a value"]),
        .init(
            what: "id that is not the file's", from: "id: ex100", to: "id: ex200",
            says: ["ex100.yaml:1:", "chip.id: expected the name of the file, ex100, found \"ex200\""]),
        .init(
            what: "bad sign", from: "device_tree: \"example,ex100\"", to: "pci: \"0x19e5:d100\"",
            says: ["ex100.yaml:31:", "detection[0].pci: expected vendor:device, four hexadecimal digits each"]),
        .init(
            what: "two signs in one entry", from: "names: chip", to: "pci: \"19e5:d100\", names: chip",
            says: ["ex100.yaml:31:", "expected one sign an entry, found device_tree and pci"]),
        .init(
            what: "sign of nothing", from: "device_tree: \"example,ex100\", ", to: "",
            says: ["ex100.yaml:31:", "expected one of device_tree, device_node, pci", "found none of them"]),
        .init(what: "no YAML", from: "reach: bit-exact", to: "reach: [", says: ["ex100.yaml:", "not YAML"]),
    ]

    @Test func theGoodFileIsGood() { #expect(Catalogue.findings(Self.good, file: "ex100.yaml") == nil) }

    @Test(arguments: cases) func isNamed(_ spoiled: Case) throws {
        let place = try #require(Self.good.range(of: spoiled.from), "the case does not fit the good file")
        let text = Self.good.replacingCharacters(in: place, with: spoiled.to)
        let findings = try #require(Catalogue.findings(text, file: "ex100.yaml"), "it was taken for good")
        for part in spoiled.says { #expect(findings.contains(part), "in: \(findings)") }
    }

    @Test func lanesThatDoNotGiveTheMemory() throws {
        let text = """
            chip: { id: ex200, name: EX200, vendor: Example }
            reach: facts-only
            contract: { value: unknown, source: nobody says }
            engine:
              form: lanes
              lanes: { value: 8, status: measured, source: the guide }
              bytes_per_lane: { value: 32KiB, status: measured, source: the guide }
              units_per_lane: { value: 16, status: measured, source: the guide }
            compute:
              cores: { value: unknown, source: not found }
              int8_tops: { value: unknown, source: not found }
              watts: { value: unknown, source: not found }
            memory:
              on_chip: { value: 512KiB, status: derived, source: lanes x per lane }
              dram_gb_per_s: { value: unknown, source: not found }
            operators: {}
            detection: []
            """
        let findings = try #require(Catalogue.findings(text, file: "ex200.yaml"))
        #expect(findings.contains("ex200.yaml:14:"))
        #expect(findings.contains("expected 262144 bytes, which is lanes * bytes_per_lane, found 524288"))
    }

    /// Every section up to `detection` is needed, so no beginning of the file is a profile.
    @Test func fileThatIsCutShort() throws {
        let end = try #require(Self.good.range(of: "detection:")).lowerBound
        let length = Self.good.distance(from: Self.good.startIndex, to: end)
        for count in stride(from: 0, through: length, by: 3) {
            let findings = Catalogue.findings(String(Self.good.prefix(count)), file: "ex100.yaml")
            #expect(findings?.contains("ex100.yaml:") == true, "\(count) characters were taken for good")
        }
    }

    @Test func severalMistakesAreNamedAtOnce() throws {
        let text = Self.good.replacing("value: 32,", with: "value: 0,").replacing("[Softmax]", with: "[Sofmax]")
        let findings = try #require(Catalogue.findings(text, file: "ex100.yaml"))
        #expect(findings.split(separator: "\n").count == 2)
    }

    @Test func namesAndSignsOfTwoProfiles() throws {
        let folder = try Scratch()
        try folder.write(Self.good, to: "a/ex100.yaml")
        try folder.write(
            Self.good.replacing("id: ex100", with: "id: ex300").replacing("[ex101]", with: "[ex100]"),
            to: "b/ex300.yaml")
        let findings = try ProfileCatalogue.contents(of: folder.path).findings
        #expect(findings.count == 2)
        #expect(findings[0].contains("b/ex300.yaml:1: chip: expected each id and alias once, found \"ex100\""))
        #expect(findings[1].contains("expected a sign of one chip in one profile, found device_tree example,ex100"))
        #expect(throws: ProfileError.wrong(findings.joined(separator: "\n"))) {
            try ProfileCatalogue.load(directory: folder.path)
        }
    }

    @Test func folderThatIsNotThereOrEmpty() throws {
        let folder = try Scratch()
        #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: "\(folder.path)/none") }
        #expect(throws: ProfileError.cannotRead(path: folder.path, reason: "no file <vendor>/<soc>.yaml in it")) {
            try ProfileCatalogue.load(directory: folder.path)
        }
    }

    @Test func fileThatIsTooLarge() throws {
        let folder = try Scratch()
        try folder.write(Self.good + "\n#" + String(repeating: "x", count: 300_000), to: "a/ex100.yaml")
        let findings = try ProfileCatalogue.contents(of: folder.path).findings
        #expect(findings.count == 1 && findings[0].contains("more than 262144 bytes"))
    }

    @Test func nameThatNobodyHas() throws {
        let profiles = try Catalogue.profiles()
        do {
            _ = try ProfileCatalogue.profile(named: "rk35888", in: profiles)
            Issue.record("a profile was found")
        } catch {
            #expect(error.description.hasSuffix("found \"rk35888\"; did you mean `rk3588`?"))
        }
    }
}
