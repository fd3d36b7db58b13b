import Pictures
import Testing

@testable import Inspection

@Suite struct ClassesTests {
    /// Good ones, and two kinds of defects: a block of other stripes, and a bright one.
    static func picture(_ label: Int, _ seed: UInt64) -> Picture {
        let box = Box(left: 16, top: 24, right: 40, bottom: 40)
        guard label == 2 else { return GoodOnlyTests.picture(seed, defect: label == 1 ? box : nil) }
        var pixels = GoodOnlyTests.picture(seed).pixels
        for y in box.top..<box.bottom { for x in box.left..<box.right { pixels[y * GoodOnlyTests.side + x] = 240 } }
        return Picture(width: GoodOnlyTests.side, height: GoodOnlyTests.side, channels: 1, pixels: pixels)
    }

    static func fit(perClass count: UInt64 = 12) throws -> (model: InspectionModel, confusion: ClassesFit.Confusion) {
        var settings = ClassesFit.Settings()
        settings.memoryRows = 60
        var fit = try ClassesFit(
            try GoodOnlyTests.backbone(try GoodOnlyTests.plan()), names: ["crossed", "fine", "spot"], good: 1,
            settings: settings)
        for (label, kind) in [(0, 1), (1, 0), (2, 2)] {
            for seed in 1...count { try fit.add(picture(kind, seed), name: "\(label)-\(seed)", label: label) }
        }
        let fitted = try fit.finish(budget: 0.01)
        return (fitted.model, fitted.confusion)
    }

    @Test func labelledClassesGetTheirNamesAndWhatWasLearntIsToldHonestly() throws {
        let (model, confusion) = try Self.fit()
        #expect(confusion.names == ["crossed", "fine", "spot"] && confusion.accuracy > 0.9 && confusion.balanced > 0.9)
        let inspector = try Inspector(model, backbone: try GoodOnlyTests.backbone(try GoodOnlyTests.plan()))
        #expect(try (UInt64(100)..<106).count { try inspector.judge(Self.picture(0, $0)).outcome == .good } >= 5)
        for seed in UInt64(100)..<104 {
            let crossed = try inspector.judge(Self.picture(1, seed))
            #expect(crossed.outcome == .defect && crossed.name == "crossed")
            #expect(try inspector.judge(Self.picture(2, seed)).name == "spot")
        }
    }

    @Test func theFileOfAModelWithClassesIsReadBack() throws {
        let model = try Self.fit().model
        let section = try model.encoded()
        #expect(try TemplateModelTests.read(section) == model)
        #expect(try Self.fit().model == model)
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(section.dropLast(64)) }
        var other = model
        other.recipe.classes?.leastShares = [0, 0]
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(try other.encoded()) }
    }

    @Test func aClassOfTooFewPicturesIsRefused() throws {
        #expect(throws: InspectionError.self) { try Self.fit(perClass: 4) }
    }

    @Test func whatBelongsToNoClassClearlyEnoughHasNoName() {
        let classes = InspectionRecipe.Classes(
            names: ["a", "good", "b"], good: 1, leastShares: [0.4, 0, 0.4], dimension: 4, examples: 1, sharpness: 1,
            memoryThreshold: 1)
        #expect(ClassVerdict([0.1, 0.8, 0.1], classes, threshold: 0.5).label == 1)
        #expect(ClassVerdict([0.6, 0.1, 0.3], classes, threshold: 0.5).label == 0)
        #expect(ClassVerdict([0.35, 0.1, 0.55], classes, threshold: 0.5).label == 2)
        var strict = classes
        strict.leastShares = [0.7, 0, 0.7]
        #expect(ClassVerdict([0.5, 0.1, 0.4], strict, threshold: 0.5).label == nil)
    }

    /// With two examples and their likeness a half: worked out by hand.
    @Test func ridgeRegressionSolvesItsEquations() {
        let likeness = [[1.0, 0.5], [0.5, 1.0]]
        let answer = RidgeAnswer(labels: [0, 1], classes: 2) { likeness[$0][$1] }
        #expect(answer.shares == [0.5, 0.5])
        // (1.003 - 0.5) x = 0.5
        for (found, expected) in zip(answer.factors, [0.994036, -0.994036, -0.994036, 0.994036]) {
            #expect(abs(found - expected) < 1e-6)
        }
    }
}
