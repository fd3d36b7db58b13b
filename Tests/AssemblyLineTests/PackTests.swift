import AssemblyLine
import Plant
import Signals
import Testing

@Suite struct PackTests {
    @Test func thePackOfThisRepositoryReads() throws {
        let pack = try Fixtures.pack()
        #expect(pack.name == "rotating-machine")
        #expect(pack.window.samples == 4096)
        #expect(pack.bearing.rollingElements == 9)
        #expect(pack.inputs.map(\.name) == ["vibration", "speed", "load"])
        #expect(pack.inputs.map(\.unit) == ["g", "rpm", "%"])
        #expect(pack.title.chinese.contains("轴承"))
    }

    struct Mistake: Sendable {
        var from: String
        var to: String
        var expected: String
    }

    static let mistakes = [
        Mistake(from: "rolling_elements: 9", to: "rolling_elements: 2", expected: "pack.yaml"),
        Mistake(from: "rolling_elements: 9", to: "roling_elements: 9", expected: "rolling_elements"),
        Mistake(from: "pitch_diameter_mm: 39.04", to: "pitch_diameter_mm: 3", expected: "smaller than the pitch"),
        Mistake(from: "unit: g,", to: "unit: rpm,", expected: "inputs.vibration.unit"),
        Mistake(from: "seed: 20261123", to: "seed: abc", expected: "line.seed"),
        Mistake(from: "load: [20, 100]", to: "load: [20]", expected: "line.load"),
        Mistake(from: "load: [20, 100]", to: "load: [100, 20]", expected: "out of order"),
        Mistake(from: "largest_age: 5s", to: "largest_age: 5", expected: "largest_age"),
    ]

    @Test(arguments: mistakes) func aMistakeIsReportedWithItsPlace(mistake: Mistake) throws {
        let path = "\(Fixtures.root)/solutions/rotating-machine/pack.yaml"
        let text = String(decoding: try Fixtures.bytes(path), as: UTF8.self)
        let wrong = text.replacing(mistake.from, with: mistake.to)
        #expect(wrong != text)
        let error = #expect(throws: LineError.self) {
            try RotatingMachinePack.parse(Array(wrong.utf8), file: "pack.yaml")
        }
        #expect(error?.description.contains(mistake.expected) == true, "\(error?.description ?? "")")
    }

    @Test func aRecordingWithAnUnknownDefectIsRefused() {
        let text = """
            seed: 1
            window_every_s: 1
            phases:
              - { name: a, windows: 3, load: [10, 20], defect: outer_rase, severity: [0, 1] }
            """
        let error = #expect(throws: LineError.self) { try RecordingScript.parse(Array(text.utf8), file: "r.yaml") }
        #expect(error?.description.contains("outer_race") == true)
    }
}

@Suite struct SurfaceInspectionPackTextTests {
    static let path = "\(Fixtures.root)/solutions/surface-inspection/pack.yaml"

    @Test func thePackOfThisRepositoryReads() throws {
        guard case .surfaceInspection(let pack) = try Pack.parse(Fixtures.bytes(Self.path), file: Self.path) else {
            Issue.record("expected a pack for pictures")
            return
        }
        #expect(pack.name == "surface-inspection")
        #expect(pack.modelFile == "model/backbone.mwplan")
        #expect(pack.line.side == 224)
        #expect(pack.line.until <= pack.line.steps)
        #expect(pack.line.limit <= .seconds(3 * 3_600))
    }

    static let mistakes = [
        PackTests.Mistake(from: "kind: surface-inspection", to: "kind: teapot", expected: "kind"),
        PackTests.Mistake(from: "kind: surface-inspection", to: "kind: rotating-machine", expected: "bearing"),
        PackTests.Mistake(from: "side: 224", to: "side: 225", expected: "line.side"),
        PackTests.Mistake(from: "limit: 3h", to: "limit: 4h", expected: "line.limit"),
        PackTests.Mistake(from: "steps: ", to: "stepps: ", expected: "steps"),
        PackTests.Mistake(from: "exported: ", to: "export: ", expected: "model.exported"),
    ]

    @Test(arguments: mistakes) func aMistakeIsReportedWithItsPlace(mistake: PackTests.Mistake) throws {
        let text = String(decoding: try Fixtures.bytes(Self.path), as: UTF8.self)
        let wrong = text.replacing(mistake.from, with: mistake.to)
        #expect(wrong != text)
        let error = #expect(throws: LineError.self) { try Pack.parse(Array(wrong.utf8), file: "pack.yaml") }
        #expect(error?.description.contains(mistake.expected) == true, "\(error?.description ?? "")")
    }

    @Test func aPackOfAnotherKindIsNoMachine() throws {
        let error = #expect(throws: LineError.self) {
            try RotatingMachinePack.parse(Fixtures.bytes(Self.path), file: Self.path)
        }
        #expect(error?.description.contains("kind rotating-machine") == true)
    }
}
