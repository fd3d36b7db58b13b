import Pictures
import Seeded
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

    /// Which side a spot is on tells the classes apart; and whether there is one.
    @Test(arguments: [(["fine", "left", "right"], InspectionRecipe.View.asItLies), (["fine", "spot"], .mirrored)])
    func picturesCountAsTheyLieOnlyWhereThatTellsClassesApart(
        _ names: [String], _ view: InspectionRecipe.View
    ) throws {
        // One on the right is the mirror image of one on the left, of which mirror images cannot say.
        func picture(_ label: Int, _ seed: UInt64) -> Picture {
            var pixels = GoodOnlyTests.picture(seed).pixels
            for y in 50..<74 where label > 0 {
                for x in 10..<34 { pixels[y * GoodOnlyTests.side + x] = 240 }
            }
            let left = Picture(width: GoodOnlyTests.side, height: GoodOnlyTests.side, channels: 1, pixels: pixels)
            return label == 2 || names.count == 2 && seed % 2 == 0 ? left.oriented(.mirrored) : left
        }
        var settings = ClassesFit.Settings()
        settings.memoryRows = 60
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        var fit = try ClassesFit(backbone, names: names, good: 0, settings: settings)
        for label in names.indices {
            for seed in 1...UInt64(12) { try fit.add(picture(label, seed), name: "\(label)-\(seed)", label: label) }
        }
        let fitted = try fit.finish(budget: nil)
        #expect(fitted.model.recipe.classes?.view == view)
        #expect(fitted.confusion.accuracy == 1, "\(fitted.confusion.counts)")
        let inspector = try Inspector(fitted.model, backbone: backbone)
        for label in names.indices.dropFirst() {
            for seed in UInt64(100)..<106 {
                #expect(try inspector.judge(picture(label, seed)).name == names[label])
            }
        }
    }

    @Test func mirrorImagesAreWhatTheNetworkSaysOfMirroredPictures() throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        let picture = GoodOnlyTests.picture(3, defect: Box(left: 10, top: 20, right: 50, bottom: 40))
        #expect(try backbone.features(of: picture, in: .asItLies) == [try backbone.features(of: picture)])
        let seen = try backbone.features(of: picture, in: .mirrored)
        let expected = try [Orientation.upright, .mirrored, .upsideDown, .flipped].map {
            try backbone.features(of: picture.oriented($0))
        }
        #expect(seen == expected && Set(seen.map(\.values)).count == 4)
    }

    @Test(arguments: [(3, 3, 4), (28, 28, 8), (5, 17, 12)])
    func aDescriptorIsWhatItsNumbersSay(_ columns: Int, _ rows: Int, _ channels: Int) {
        var random = SplitMix64(seed: UInt64(columns))
        let values = (0..<columns * rows * channels).map { _ in Int8(truncatingIfNeeded: random.below(256)) }
        let map = FeatureMap(columns: columns, rows: rows, channels: channels, values: values)
        func numbers(_ box: Box) -> [Float] {
            let seen = (0..<channels).map { channel in
                (box.top..<box.bottom).flatMap { row in
                    (box.left..<box.right).map { Double(values[(row * columns + $0) * channels + channel]) }
                }
            }
            let means = seen.map { $0.reduce(0, +) / Double($0.count) }
            let spreads = zip(seen, means).map { seen, mean in
                (seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seen.count)).squareRoot()
            }
            return (means + spreads + seen.map { $0.min() ?? 0 } + seen.map { $0.max() ?? 0 }).map(Float.init)
        }
        var expected = numbers(Box(left: 0, top: 0, right: columns, bottom: rows))
        for row in 0..<3 {
            for column in 0..<3 {
                expected += numbers(
                    Box(
                        left: column * columns / 3, top: row * rows / 3, right: (column + 1) * columns / 3,
                        bottom: (row + 1) * rows / 3))
            }
        }
        let found = PictureDescriptor.values(of: map)
        #expect(found.count == expected.count && found.count == PictureDescriptor.count(channels: channels))
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 })
        // Alone it is its own mean; with one that is all zero, half of it.
        #expect(PictureDescriptor.values(of: [map]) == found)
        let nothing = FeatureMap(
            columns: columns, rows: rows, channels: channels, values: [Int8](repeating: 0, count: values.count))
        #expect(PictureDescriptor.values(of: [map, nothing]) == found.map { $0 / 2 })
    }

    @Test func scoresSayHowMuchMoreClearlyAnotherClassAnswers() {
        #expect(ClassVerdict.score([0, 1, 0], good: 1) == ClassVerdict.leastScore)
        #expect(ClassVerdict.score([0.5, 0.5, 0], good: 1) == 0.5)
        #expect(ClassVerdict.score([1, 0], good: 1) == 1)
        // Two that are unsure between them are less sure than the good one.
        #expect(abs(ClassVerdict.score([0.3, 0.4, 0.3], good: 1) - 0.45) < 1e-12)
    }

    @Test func likenessFallsFromOneToNothing() {
        #expect(ClassHead.likeness(0) == 1)
        // exp(-1/2), exp(-1) and exp(-2), worked out elsewhere.
        #expect(abs(ClassHead.likeness(4) - (0.60653066 + 0.36787944 + 0.13533528) / 3) < 1e-7)
        #expect(ClassHead.likeness(1e9) < 1e-20)
    }

    /// Names go to terminals and tell classes apart.
    @Test(arguments: [
        ["fine", "fine"], ["fine", "unknown"], ["fine", "a\nb"], ["fine", "\u{1B}[31mspot"], ["fine", ""],
    ])
    func namesThatWouldMisleadAreRefused(_ names: [String]) throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        #expect(throws: InspectionError.self) {
            try ClassesFit(backbone, names: names, good: 0, settings: ClassesFit.Settings())
        }
        var model = try Self.fit().model
        model.recipe.classes?.names = names + ["third"]
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(try model.encoded()) }
    }

    @Test func ofTooManyPicturesEachClassGivesWayButForWhatItNeeds() {
        #expect(ClassesFit.used(of: [600, 400]) == [600, 400])
        #expect(ClassesFit.used(of: [1_500, 500]) == [750, 250])
        let used = ClassesFit.used(of: [1_200, 5, 30])
        #expect(used.reduce(0, +) <= ClassesFit.mostPictures && used[1] == 5 && used[2] == 24 && used[0] > 960)
        #expect(ClassesFit.used(of: [Int](repeating: 20, count: 64)).allSatisfy { (5...20).contains($0) })
    }

    /// What stands for the deviation of a place must not be nothing: scores are divided by it.
    @Test(arguments: [0, -1, 1e-30, 3e38] as [Float])
    func aModelWhoseUsualNumbersCannotBeIsRefused(_ deviation: Float) throws {
        var model = try Self.fit().model
        model.usual = model.usual.map { _ in deviation }
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(try model.encoded()) }
        var other = try Self.fit().model
        other.recipe.classes?.memoryThreshold = 1e-300
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(try other.encoded()) }
    }

    @Test func aBudgetIsReadFromTheTailOfGoodScores() throws {
        let threshold = try Self.fit(perClass: 20).model.recipe.threshold
        #expect(threshold.falseRejectBudget == 0.01 && threshold.goodPictures == 20)
        #expect(threshold.value > threshold.largestGood && threshold.value <= 0.95)
    }

    @Test func aClassOfTooFewPicturesIsRefused() throws {
        #expect(throws: InspectionError.self) { try Self.fit(perClass: 4) }
    }

    @Test func whatBelongsToNoClassClearlyEnoughHasNoName() {
        let classes = InspectionRecipe.Classes(
            names: ["a", "good", "b"], good: 1, leastShares: [0.4, 0, 0.4], view: .asItLies, dimension: 4, examples: 1,
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
