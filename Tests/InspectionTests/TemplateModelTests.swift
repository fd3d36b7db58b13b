import Graph
import Inspection
import Pictures
import Seeded
import Testing

/// A golden part, what is fitted to it, and what that says about pictures.
@Suite struct TemplateModelTests {
    static let part = PrintedPart(side: 96, seed: 4)

    static func picture(_ plane: Plane) -> Picture {
        Picture(
            width: plane.width, height: plane.height, channels: 1,
            pixels: plane.values.map { UInt8((min(max($0, 0), 1) * 255).rounded()) })
    }

    static func good(_ seed: UInt64) -> Picture {
        var plane = part.drawn()
        plane.roughen(0.03, seed: seed)
        return picture(plane)
    }

    static func defect(_ seed: UInt64, _ box: Box = Box(left: 40, top: 50, right: 50, bottom: 58)) -> Picture {
        var plane = part.drawn()
        plane.roughen(0.03, seed: seed)
        let isDark = plane[box.left, box.top] < 0.5
        plane.fill(box, with: isDark ? 0.85 : 0.15)
        return picture(plane)
    }

    static func fit(goods: [Picture], region: Box? = nil, mask: Picture? = nil) throws -> (
        model: InspectionModel, outliers: [String]
    ) {
        // Parts lie straight here; what alignment can do is tested by itself.
        var settings = TemplateComparison.Settings()
        settings.alignment = .init(shiftShare: 0.03, degrees: 1)
        var fit = try TemplateFit(golden: good(1), region: region, mask: mask, settings: settings)
        for (index, good) in goods.enumerated() { _ = try fit.add(good, name: "\(index)") }
        let (model, outliers) = fit.finish(budget: 0.01)
        return (model, outliers.map(\.name))
    }

    @Test func goodPartsPassAndDefectsAreFoundWhereTheyAre() throws {
        let model = try Self.fit(goods: (2..<8).map(Self.good)).model
        let inspector = try Inspector(model, backbone: nil)
        for seed in UInt64(20)..<23 {
            let verdict = try inspector.judge(Self.good(seed))
            #expect(verdict.outcome == .good && verdict.places.isEmpty && verdict.map?.width == 96)
        }
        let box = Box(left: 40, top: 50, right: 50, bottom: 58)
        let verdict = try inspector.judge(Self.defect(30, box))
        #expect(verdict.outcome == .defect)
        #expect(try #require(verdict.score) > model.recipe.threshold.value)
        #expect(try #require(verdict.places.first).box.overlap(with: box) > 0.33)
    }

    @Test func goodPartsLowerTheThresholdOfWhatIsADefect() throws {
        let (usual, fitted) = (try Self.fit(goods: []).model, try Self.fit(goods: (2..<12).map(Self.good)).model)
        #expect(usual.recipe.threshold.value == 0.6 && usual.recipe.threshold.goodPictures == 0)
        #expect(fitted.recipe.threshold.value < 0.6 && fitted.recipe.threshold.goodPictures == 10)
    }

    @Test func aBadPartAmongTheGoodOnesIsNamedAndNotLearnt() throws {
        let goods = (2..<8).map(Self.good)
        let (model, outliers) = try Self.fit(goods: goods + [Self.defect(40)])
        #expect(outliers == ["6"])
        #expect(model == (try Self.fit(goods: goods)).model)
    }

    @Test func whatIsWrongWithThePictureIsSaidAndThePartIsNotJudged() throws {
        let inspector = try Inspector(try Self.fit(goods: (2..<8).map(Self.good)).model, backbone: nil)
        func code(_ picture: Picture) throws -> String? {
            guard case .notJudged(let why) = try inspector.judge(picture).outcome else { return nil }
            return why.code
        }
        #expect(try code(Self.picture(Self.part.drawn(gain: 0.05, offset: 0.02))) == "picture.too_dark")
        #expect(try code(Self.picture(Self.part.drawn(gain: 0.6, offset: 0.75))) == "picture.over_exposed")
        #expect(try code(Self.picture(Self.part.drawn().blurred(2.5))) == "picture.out_of_focus")
        #expect(try code(Self.good(1).resized(width: 95, height: 96)) == "picture.size")
        #expect(try code(Self.picture(PrintedPart(side: 96, seed: 77).drawn())) == "part.another")
        // And the next part is judged all the same.
        #expect(try inspector.judge(Self.good(50)).outcome == .good)
    }

    @Test func boxesOfARegionLieInTheWholePicture() throws {
        let region = Box(left: 16, top: 24, right: 88, bottom: 96)
        let inspector = try Inspector(try Self.fit(goods: (2..<8).map(Self.good), region: region).model, backbone: nil)
        let box = Box(left: 40, top: 50, right: 50, bottom: 58)
        let verdict = try inspector.judge(Self.defect(30, box))
        #expect(try #require(verdict.places.first).box.overlap(with: box) > 0.33)
        #expect(verdict.map?.width == 72)
        // Outside of it nothing counts.
        #expect(try inspector.judge(Self.defect(31, Box(left: 2, top: 2, right: 12, bottom: 10))).outcome == .good)
    }

    @Test func aMaskIsKeptInTheModel() throws {
        var pixels = [UInt8](repeating: 255, count: 96 * 96)
        for y in 44..<64 { for x in 34..<56 { pixels[y * 96 + x] = 0 } }
        let mask = Picture(width: 96, height: 96, channels: 1, pixels: pixels)
        let model = try Self.fit(goods: (2..<8).map(Self.good), mask: mask).model
        #expect(
            try Inspector(try Self.read(try model.encoded()), backbone: nil).judge(Self.defect(30)).outcome == .good)
        #expect(throws: InspectionError.self) { try Self.fit(goods: [], mask: mask.resized(width: 95, height: 96)) }
    }

    // MARK: the file

    static func read(_ section: [UInt8]) throws -> InspectionModel {
        try section.withUnsafeBytes { try InspectionModel($0) }
    }

    @Test func whatWasWrittenIsReadAndTheSameFitGivesTheSameBytes() throws {
        let model = try Self.fit(goods: (2..<8).map(Self.good), region: Box(left: 3, top: 5, right: 90, bottom: 91))
            .model
        let bytes = try model.encoded()
        #expect(try Self.read(bytes) == model)
        let again = try Self.fit(goods: (2..<8).map(Self.good), region: Box(left: 3, top: 5, right: 90, bottom: 91))
            .model
        #expect(try again.encoded() == bytes)
        let file = try FittedFile.file(plan: nil, fitted: bytes)
        try file.withUnsafeBytes { file in
            let content = try FittedFile.content(of: file)
            #expect(Array(content.fitted) == bytes && !content.hasPlan)
            let error = #expect(throws: PlanError.self) { try Plan(bytes: file) }
            #expect(error?.code == "plan.malformed")
        }
    }

    @Test func aSectionThatIsCutShortIsRefused() throws {
        let bytes = try Self.fit(goods: []).model.encoded()
        for count in [0, 3, 4, 40, 64, bytes.count - 96 * 96, bytes.count - 64, bytes.count - 1] {
            #expect(throws: InspectionError.self) { try Self.read(Array(bytes.prefix(count))) }
        }
        #expect(throws: InspectionError.self) { try Self.read(bytes + [0]) }
    }

    /// Whatever the bytes are: an error, or a model that judges.
    @Test(arguments: [UInt64(1), 2, 3]) func damageIsRefusedOrHarmless(seed: UInt64) throws {
        let head = try Self.fit(goods: []).model.encoded()
        var mutator = ByteMutator(seed: seed, numbers: .fixed32)
        let (front, back) = (Array(head.prefix(700)), head.dropFirst(700))
        var judged = 0
        for _ in 0..<400 {
            let mutant = mutator.mutated(front) + back
            guard let model = try? Self.read(mutant), let inspector = try? Inspector(model, backbone: nil) else {
                continue
            }
            judged += 1
            if judged % 20 == 1 { _ = try inspector.judge(Self.good(3)) }
        }
    }
}
