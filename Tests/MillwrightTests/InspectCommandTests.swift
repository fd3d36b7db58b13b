import Foundation
import Glibc
import Pictures
import Plant
import Rig
import TestBench
import Testing

@testable import Inspection
@testable import millwright

/// `millwright inspect` as somebody at the line uses it: folders with pictures, good ones and others.
@Suite struct InspectCommandTests {
    /// A printed part with some noise, as a PNG; `x` and `y` say where a blot is.
    static func part(noise: Int, blot: (x: Int, y: Int)? = nil, gain: Int = 100) -> [UInt8] {
        let side = 120
        var pixels = [UInt8](repeating: 0, count: side * side)
        var state = UInt32(truncatingIfNeeded: 77 + noise)
        for y in 0..<side {
            for x in 0..<side {
                state = state &* 1_664_525 &+ 1_013_904_223
                let isTrack = (x / 12 + y / 30) % 3 == 0 || (y % 30) < 4
                var level = isTrack ? 200 : 60
                if let blot, abs(x - blot.x) < 5, abs(y - blot.y) < 5 { level = isTrack ? 60 : 200 }
                pixels[y * side + x] = UInt8(min(max(level + Int(state >> 24) % 11 - 5, 0) * gain / 100, 255))
            }
        }
        return PNGEncoder.encode(Picture(width: side, height: side, channels: 1, pixels: pixels))
    }

    static func folder() throws -> TempDirectory {
        let folder = try TempDirectory()
        for name in ["good", "parts"] { mkdir(folder.file(name), 0o755) }
        try Files.write(part(noise: 1), to: folder.file("golden.png"))
        for index in 2..<10 { try Files.write(part(noise: index), to: folder.file("good/\(index).png")) }
        return folder
    }

    struct Row: Decodable {
        struct Place: Decodable {
            var left: Int
            var top: Int
            var width: Int
            var height: Int
        }
        var file: String
        var verdict: String
        var score: Double?
        var boxes: [Place]
        var reason: String?
        var code: String?
    }

    @Test func fittedToGoodPartsItJudgesAFolderWhateverLiesInIt() async throws {
        let folder = try Self.folder()
        let sound = Self.part(noise: 20)
        try Files.write(sound, to: folder.file("parts/a-good.png"))
        try Files.write(Self.part(noise: 21, blot: (60, 70)), to: folder.file("parts/b-blot.png"))
        try Files.write(Array(sound.prefix(sound.count / 2)), to: folder.file("parts/c-cut.png"))
        try Files.write("not a picture", to: folder.file("parts/d-text.png"))
        try Files.write(Self.part(noise: 22, gain: 15), to: folder.file("parts/e-dark.png"))
        try Files.write("beside", to: folder.file("parts/f.txt"))
        try Files.write(Self.part(noise: 23), to: folder.file("parts/g-good.png"))

        let fit = try await BackupCommandTests.run(
            [
                "inspect", "fit", "--template", folder.file("golden.png"), "--good", folder.file("good"), "--output",
                folder.file("board.mwplan"),
            ], in: folder)
        #expect(fit.exit == .code(0) && fit.text.contains("8 good pictures"), "\(fit.text)")
        #expect(fit.text.contains("for 1.00 % false rejects: fewer than 8 pictures can show"), "\(fit.text)")

        let run = try await BackupCommandTests.run(
            [
                "inspect", "run", folder.file("board.mwplan"), "--pictures", folder.file("parts"), "--json",
                "--heatmaps",
                folder.file("maps"),
            ], in: folder)
        #expect(run.exit == .code(0))
        let rows = try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
        #expect(rows.map(\.verdict) == ["good", "defect", "not_judged", "not_judged", "not_judged", "good"])
        #expect(
            rows.map(\.code) == [
                nil, nil, "picture.truncated", "picture.unknown_format", "picture.too_dark", nil,
            ])
        let box = try #require(rows[1].boxes.first)
        #expect((box.left...box.left + box.width).contains(60) && (box.top...box.top + box.height).contains(70))
        let map = try PictureDecoder.decode(try Files.bytes(folder.file("maps/b-blot.png.png"))).picture
        #expect(map.width == 120 && map.height == 120)
        #expect(
            try DirectoryListing.names(in: folder.file("maps")) == [
                "a-good.png.png", "b-blot.png.png", "g-good.png.png",
            ])

        let words = try await BackupCommandTests.run(
            ["inspect", "run", folder.file("board.mwplan"), "--pictures", folder.file("parts")], in: folder)
        #expect(words.text.contains("6 pictures: 2 good, 1 defect, 3 not judged"), "\(words.text)")
    }

    @Test func aReviewShowsBothLanguagesAndWhatWasMistaken() async throws {
        let folder = try Self.folder()
        mkdir(folder.file("blot"), 0o755)
        try Files.write(Self.part(noise: 30, blot: (60, 70)), to: folder.file("blot/1.png"))
        try Files.write(Self.part(noise: 31), to: folder.file("blot/2.png"))
        try Files.write("<b>no picture</b>", to: folder.file("blot/3.png"))
        let model = folder.file("board.mwplan")
        let fit = try await BackupCommandTests.run(
            ["inspect", "fit", "--template", folder.file("golden.png"), "--output", model], in: folder)
        #expect(fit.text.contains("the usual one") && !fit.text.contains("%"), "\(fit.text)")
        let page = folder.file("review.html")
        let review = try await BackupCommandTests.run(
            [
                "inspect", "review", model, "--good", folder.file("good"), "--bad", folder.file("blot"), "--output",
                page,
            ], in: folder)
        #expect(review.exit == .code(0) && review.text.contains("11 pictures"), "\(review.text)")
        let html = try Files.text(page)
        #expect(
            html.contains(
                "Of 2 bad parts 1 were found; of 8 good ones 0 were rejected; 1 pictures could not be judged."))
        #expect(html.contains("2 个缺陷件检出 1 个"))
        // The missed one, the one found, and the good ones, each beside its heat map.
        #expect(html.ranges(of: "data:image/png;base64,").count == 2 * (1 + 1 + 8))
        #expect(html.contains("blot/3.png") && !html.contains("<b>no picture"))
        #expect(!html.contains("3 and more"), "no part lies so far out")
        let nothing = try await BackupCommandTests.run(
            ["inspect", "review", model, "--output", page], in: folder)
        #expect(nothing.exit == .code(64), "\(nothing.text)")
    }

    @Test func whatIsMissingIsSaidBeforeAnythingIsDone() async throws {
        let folder = try Self.folder()
        func run(_ arguments: [String]) async throws -> BackupCommandTests.Outcome {
            try await BackupCommandTests.run(["inspect"] + arguments, in: folder)
        }
        let empty = try await run([
            "fit", "--template", folder.file("golden.png"), "--good", folder.file("parts"), "--output",
            folder.file("a.mwplan"),
        ])
        #expect(empty.exit == .code(1) && empty.text.contains("expected pictures"), "\(empty.text)")
        #expect(access(folder.file("a.mwplan"), F_OK) != 0)
        let other = try await run(["run", folder.file("golden.png"), "--pictures", folder.file("good")])
        #expect(other.exit == .code(1) && other.text.contains("plan.not_a_plan"), "\(other.text)")
        let region = try await run([
            "fit", "--template", folder.file("golden.png"), "--output", folder.file("a.mwplan"), "--region",
            "0,0,500,500",
        ])
        #expect(region.exit == .code(1) && region.text.contains("120 x 120"), "\(region.text)")
        // Why no picture was of use, and not only that none was.
        let outside = try await run([
            "fit", "--pack", "surface-inspection", "--good", folder.file("good"), "--output", folder.file("a.mwplan"),
            "--region", "0,0,500,500",
        ])
        #expect(
            outside.exit == .code(1)
                && outside.text.contains("found 0; not used: 2.png and 7 others: expected a part that can be looked at"),
            "\(outside.text)")
    }

    @Test func aNameOfAFileBeginsNoLine() {
        let row = InspectionRow(
            unreadable: "a\nDEFECT  9.99 x  b.png", UnreadablePicture(code: "picture.file", description: "\u{1B}[2J"),
            took: .zero)
        #expect(row.words == "not judged        a?DEFECT  9.99 x  b.png  ?[2J")
    }

    private static func row(_ file: String, _ score: Double, _ places: [PartVerdict.Place] = [], name: String? = nil)
        -> InspectionRow
    {
        let verdict = PartVerdict(
            score: score, threshold: 2, places: places, name: name, map: Plane(width: 1, height: 1, values: [0]))
        return InspectionRow(file, verdict, threshold: 2, took: .zero)
    }

    @Test func aClassIsNamedOnceAndAPlaceWhereItIsAnother() {
        let box = Box(left: 4, top: 5, right: 19, bottom: 14)
        func words(_ place: String?) -> String {
            Self.row("a.png", 3, [.init(box: box, strength: 1.5, name: place)], name: "bite").words
        }
        #expect(words("bite") == "DEFECT    1.50 x  a.png  bite, 15 x 9 at 4,5")
        #expect(words("cut") == "DEFECT    1.50 x  a.png  bite, cut 15 x 9 at 4,5")
    }

    /// What a model was fitted with scores 0, and says nothing of it; what has not been learnt has a score.
    @Test func aReviewSaysWhichPartsWereLearnt() {
        func page(_ scores: [Double], _ mode: InspectionRecipe.Mode) -> String {
            let parts = scores.enumerated().map { index, score in
                InspectionPage.Part(
                    file: "\(index).png", label: "good", isGood: true, row: Self.row("\(index).png", score))
            }
            return InspectionPage(model: "m.mwplan", mode: mode, parts: parts).html(.english)
        }
        let learnt = page([0, 0, 1], .goodOnly)
        #expect(learnt.contains("2 of the good ones have score 0") && learnt.contains("其中 2 个合格件得分为 0"))
        #expect(!page([1, 1.5], .goodOnly).contains("score 0"))
        #expect(!page([0, 1], .template).contains("score 0"), "a golden part may be met exactly")
        #expect(page([1, 9], .goodOnly).contains("3 and more in the last bar"))
    }

    @Test func aHeatMapKeepsTheOrderOfScoresAndPutsTheThresholdInTheMiddle() {
        let values: [Float] = [0, 0.1, 0.59, 0.61, 2, 1_000]
        let indices = HeatMap.indices(Plane(width: 6, height: 1, values: values), threshold: 0.6)
        #expect(indices == indices.sorted() && indices[0] == 0 && indices[2] < 128 && indices[3] >= 128)
    }
}
