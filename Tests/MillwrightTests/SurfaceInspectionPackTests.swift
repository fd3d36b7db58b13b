import Foundation
import Glibc
import Pictures
import Rig
import TestBench
import Testing

@testable import millwright

/// The committed pack: fitted to its drawn parts through the program, it says of each what `replay/expected.json` says.
@Suite struct SurfaceInspectionPackTests {
    static let folder = "\(Files.root)/solutions/surface-inspection"
    static let replay = "\(folder)/replay"

    struct Expected: Decodable {
        struct Part: Decodable {
            var verdict: String
            var code: String?
            var name: String?

            enum CodingKeys: String, CodingKey {
                case verdict, code
                case name = "class"
            }
        }
        var surfaces: [String: Part]
        var prints: [String: Part]
    }

    static func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(Files.bytes("\(replay)/expected.json")))
    }

    struct Row: Decodable {
        var file: String
        var verdict: String
        var code: String?
        var name: String?

        enum CodingKeys: String, CodingKey {
            case file, verdict, code
            case name = "class"
        }
    }

    /// Fits, judges the parts, and compares each row.
    ///
    /// - Parameter namesDefects: whether what is expected of a name must hold.
    static func check(_ arguments: [String], parts: String, _ expected: [String: Expected.Part], namesDefects: Bool)
        async throws
    {
        let folder = try TempDirectory()
        let model = folder.file("model.mwplan")
        let fit = try await BackupCommandTests.run(["inspect", "fit", "--output", model] + arguments, in: folder)
        try #require(fit.exit == .code(0), "\(fit.text)")
        let run = try await BackupCommandTests.run(
            ["inspect", "run", model, "--pictures", parts, "--json"], in: folder)
        try #require(run.exit == .code(0), "\(run.text)")
        let rows = try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
        #expect(Set(rows.map(\.file)) == Set(expected.keys))
        for row in rows {
            let part = try #require(expected[row.file])
            #expect(row.verdict == part.verdict, "\(row.file)")
            #expect(row.code == part.code, "\(row.file)")
            if namesDefects { #expect(row.name == part.name, "\(row.file)") }
        }
    }

    @Test func goodPartsAlone() async throws {
        try await Self.check(
            ["--pack", Self.folder, "--good", "\(Self.replay)/surfaces/good"], parts: "\(Self.replay)/surfaces/parts",
            Self.expected().surfaces, namesDefects: false)
    }

    @Test func labelledClasses() async throws {
        let folder = try TempDirectory()
        mkdir(folder.file("classes"), 0o755)
        for name in ["good", "scratch", "pit", "stain"] {
            symlink("\(Self.replay)/surfaces/\(name)", folder.file("classes/\(name)"))
        }
        try await Self.check(
            ["--pack", Self.folder, "--classes", folder.file("classes")], parts: "\(Self.replay)/surfaces/parts",
            Self.expected().surfaces, namesDefects: true)
    }

    @Test func aGoldenPart() async throws {
        var expected = try Self.expected().prints
        // It differs all over: what that does to the print has no name that could be expected.
        let upsideDown = try #require(expected["upside-down.png"])
        expected["upside-down.png"] = nil
        #expect(upsideDown.verdict == "defect")
        let folder = try TempDirectory()
        mkdir(folder.file("parts"), 0o755)
        for name in expected.keys {
            symlink("\(Self.replay)/prints/parts/\(name)", folder.file("parts/\(name)"))
        }
        let fit = [
            "--template", "\(Self.replay)/prints/golden.png", "--good", "\(Self.replay)/prints/good", "--print", "dark",
        ]
        try await Self.check(fit, parts: folder.file("parts"), expected, namesDefects: true)
        try await Self.check(
            fit, parts: "\(Self.replay)/prints/parts/upside-down.png", ["upside-down.png": upsideDown],
            namesDefects: false)
    }

    @Test func aPackThatIsNotThereOrOfAnotherKindIsNamed() async throws {
        let folder = try TempDirectory()
        func fit(_ pack: String) async throws -> BackupCommandTests.Outcome {
            try await BackupCommandTests.run(
                [
                    "inspect", "fit", "--pack", pack, "--good", "\(Self.replay)/surfaces/good", "--output",
                    folder.file("m.mwplan"),
                ], in: folder)
        }
        let missing = try await fit("no-such-pack")
        #expect(missing.exit != .code(0) && missing.text.contains("solutions/no-such-pack"), "\(missing.text)")
        let other = try await fit(Files.pack)
        #expect(other.exit != .code(0) && other.text.contains("kind surface-inspection"), "\(other.text)")
    }

    /// Parts that lie crooked are laid straight; what the mask leaves out may be anything; each folder has its recipe.
    @Test func placedMaskedAndByRecipe() async throws {
        let folder = try TempDirectory()
        let prints = "\(Self.replay)/prints"
        var mask = [UInt8](repeating: 255, count: 128 * 128)
        // Where the print of `cut.png` is cut.
        for y in 36..<66 { for x in 40..<68 { mask[y * 128 + x] = 0 } }
        try Files.write(
            PNGEncoder.encode(Picture(width: 128, height: 128, channels: 1, pixels: mask)), to: folder.file("mask.png"))
        let good = [
            "inspect", "fit", "--pack", Self.folder, "--align", "\(prints)/golden.png", "--good", "\(prints)/good",
            "--good", "\(prints)/parts/good-0.png", "--output",
        ]
        let plain = try await BackupCommandTests.run(good + [folder.file("plain.mwplan")], in: folder)
        try #require(plain.exit == .code(0), "\(plain.text)")
        #expect(plain.text.contains("% like the reference (median)") && !plain.text.contains("little for"))
        let masked = try await BackupCommandTests.run(
            good + [folder.file("masked.mwplan"), "--mask", folder.file("mask.png")], in: folder)
        try #require(masked.exit == .code(0), "\(masked.text)")
        for name in ["plain", "masked"] {
            mkdir(folder.file(name), 0o755)
            for part in ["cut.png", "another.png"] {
                symlink("\(prints)/parts/\(part)", folder.file("\(name)/\(part)"))
            }
        }
        let run = try await BackupCommandTests.run(
            [
                "inspect", "run", "--recipe", "plain=\(folder.file("plain.mwplan"))", "--recipe",
                "masked=\(folder.file("masked.mwplan"))", "--pictures", folder.file("plain"), "--pictures",
                folder.file("masked"), "--json",
            ], in: folder)
        try #require(run.exit == .code(0), "\(run.text)")
        var verdicts: [String: String] = [:]
        for line in run.text.split(separator: "\n") where line.hasPrefix("{") {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            verdicts[row.file] = row.verdict
        }
        #expect(
            verdicts == [
                "plain/cut.png": "defect", "masked/cut.png": "good", "plain/another.png": "not_judged",
                "masked/another.png": "not_judged",
            ])
        let strange = try await BackupCommandTests.run(
            [
                "inspect", "run", "--recipe", "lid=\(folder.file("plain.mwplan"))", "--pictures", folder.file("plain"),
            ], in: folder)
        #expect(strange.exit != .code(0) && strange.text.contains("named like a recipe (lid)"), "\(strange.text)")
    }
}
