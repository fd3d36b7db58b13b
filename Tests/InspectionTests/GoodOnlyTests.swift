import Graph
import Kernels
import Pictures
import Seeded
import Testing

@testable import Inspection

/// A network of one convolution, random but for its seed: enough to tell one texture from another.
@Suite struct GoodOnlyTests {
    static let side = 128

    static func plan(inputs: Int = 3, feature: String = "features") throws -> [UInt8] {
        var random = SplitMix64(seed: 5)
        var builder = PlanBuilder(contract: "tflite")
        let picture = builder.input(
            name: "picture", shape: [1, inputs, side, side], quantization: Quantization(scale: 1.0 / 32, zeroPoint: 0))
        let window = Window(kernel: (8, 8), strides: (8, 8), padding: (0, 0, 0, 0))
        let channels = 16
        let weights = Weights.Source(
            elements: (0..<channels * 64 * inputs).map { _ in Int8(truncatingIfNeeded: random.below(255) - 127) },
            scales: [Float](repeating: 1.0 / 256, count: channels), bias: [Int32](repeating: 0, count: channels))
        let cells = try builder.convolution(
            try builder.transpose(picture, permutation: [0, 2, 3, 1]), weights, window: window,
            output: Quantization(scale: 0.5, zeroPoint: 3))
        builder.output(try builder.transpose(cells, permutation: [0, 3, 1, 2], name: feature))
        return try builder.encode()
    }

    static func backbone(_ bytes: [UInt8]) throws -> Backbone {
        let memory = PlanMemory(copying: bytes)
        return try Backbone(plan: try Plan(bytes: memory.bytes), keeping: memory, kernels: .best)
    }

    /// Stripes with noise; where a defect is, they run the other way.
    static func picture(_ seed: UInt64, defect: Box? = nil, level: Int = 120) -> Picture {
        var random = SplitMix64(seed: seed)
        var pixels = [UInt8](repeating: 0, count: side * side)
        for y in 0..<side {
            for x in 0..<side {
                let isDefect = defect.map { (($0.left..<$0.right).contains(x)) && (($0.top..<$0.bottom).contains(y)) }
                let stripe = (isDefect == true ? y : x) / 4 % 2 == 0 ? level / 3 : -level / 3
                pixels[y * side + x] = UInt8(min(max(level + stripe + (random.below(17) - 8) * level / 120, 0), 255))
            }
        }
        return Picture(width: side, height: side, channels: 1, pixels: pixels)
    }

    static func fit(_ pictures: [Picture], rows: Int = 60) throws -> (model: InspectionModel, outliers: [String]) {
        var settings = GoodOnlyFit.Settings()
        settings.memoryRows = rows
        var fit = GoodOnlyFit(try backbone(try plan()), settings: settings)
        for (index, picture) in pictures.enumerated() { try fit.add(picture, name: "\(index)") }
        let (model, outliers) = try fit.finish(budget: 0.01)
        return (model, outliers.map(\.name))
    }

    static let goods = (UInt64(1)...20).map { picture($0) }

    @Test func whatGoodPartsNeverShowedIsFoundWhereItIs() throws {
        let model = try Self.fit(Self.goods).model
        let inspector = try Inspector(model, backbone: try Self.backbone(try Self.plan()))
        #expect(model.recipe.mode == .goodOnly && model.recipe.threshold.goodPictures == 20)
        #expect(try (UInt64(100)..<110).count { try inspector.judge(Self.picture($0)).outcome == .good } >= 9)
        let box = Box(left: 24, top: 32, right: 40, bottom: 48)
        let verdict = try inspector.judge(Self.picture(200, defect: box))
        #expect(verdict.outcome == .defect)
        // To a place or two of the network's grid.
        let found = try #require(verdict.places.first).box
        #expect(
            found.left <= 28 && found.right >= 36 && found.top <= 36 && found.bottom >= 44 && found.area <= 64 * 64,
            "\(found)")
        #expect(verdict.map?.width == Self.side)
        // The light of a part does not matter to the network, within what cameras may do.
        #expect(try inspector.judge(Self.picture(201, level: 100)).outcome == .good)
        #expect(try inspector.judge(Self.picture(202, level: 12)).outcome != .good)
    }

    @Test func aBadPartAmongTheGoodOnesIsNamedAndNotLearnt() throws {
        let bad = Self.picture(300, defect: Box(left: 8, top: 8, right: 40, bottom: 40))
        #expect(try Self.fit(Self.goods + [bad]).outliers == ["20"])
        #expect(try Self.fit(Self.goods).outliers.isEmpty)
    }

    @Test func theSamePicturesGiveTheSameModelAndItsFileIsReadBack() throws {
        let model = try Self.fit(Self.goods).model
        #expect(try Self.fit(Self.goods).model == model)
        let section = try model.encoded()
        #expect(try TemplateModelTests.read(section) == model)
        #expect(throws: InspectionError.self) { try TemplateModelTests.read(section.dropLast(64)) }
        // A network that sees something else cannot serve it, nor can none.
        #expect(throws: InspectionError.self) { try Inspector(model, backbone: nil) }
    }

    @Test func fewPicturesAndOtherNetworksAreRefused() throws {
        #expect(throws: InspectionError.self) { try Self.fit(Array(Self.goods.prefix(4))) }
        #expect(throws: InspectionError.self) { try Self.backbone(try Self.plan(inputs: 1)) }
        #expect(throws: InspectionError.self) { try Self.backbone(try Self.plan(feature: "others")) }
    }

    @Test func aCoresetLeavesNothingFar() {
        var random = SplitMix64(seed: 8)
        let rows = (0..<400).flatMap { _ in (0..<4).map { _ in Int8(truncatingIfNeeded: random.below(20)) } }
        let chosen = Coreset.rows(of: rows, channels: 4, count: 30, kernels: KernelSet.best.bytes)
        let few = chosen.flatMap { rows[$0 * 4..<$0 * 4 + 4] }
        #expect(few.count == 30 * 4)
        func farthest(_ chosen: [Int8]) -> Int32 {
            PreparedMemory(chosen, channels: 4, kernels: KernelSet.best.bytes).distances(of: rows).max() ?? 0
        }
        #expect(farthest(few) < farthest(Array(rows.prefix(30 * 4))))
        // Equal rows once; what is asked for beyond them is not made up.
        #expect(
            Coreset.rows(of: [1, 2, 3, 4, 1, 2, 3, 4], channels: 4, count: 9, kernels: KernelSet.best.bytes) == [0])
    }

    @Test func squaresAreMeansToTheNearestHalvesUp() {
        let map = FeatureMap(columns: 3, rows: 2, channels: 1, values: [1, 2, -5, 3, 4, -6])
        let squares = map.squares(2)
        // 10 / 4 and -11 / 2.
        #expect(squares.columns == 2 && squares.rows == 1 && squares.values == [3, -5])
        #expect(map.squares(1) == map)
        // -3 / 4 goes up, -9 / 4 to the nearest.
        #expect(FeatureMap(columns: 2, rows: 2, channels: 1, values: [-1, -1, -1, 0]).squares(2).values == [-1])
        #expect(FeatureMap(columns: 2, rows: 2, channels: 1, values: [-3, -2, -2, -2]).squares(2).values == [-2])
        #expect(FeatureMap(columns: 2, rows: 2, channels: 1, values: [-1, -1, 0, 0]).squares(2).values == [0])
    }

    @Test func aMapOfSquaresIsEnlargedBetweenTheirMiddles() {
        let wide = Plane(width: 2, height: 1, values: [0, 4]).enlarged(side: 2, width: 4, height: 2)
        #expect(wide.values == [0, 1, 3, 4, 0, 1, 3, 4])
        #expect(Plane(width: 3, height: 1, values: [0, 16, 0]).smoothed(1).values == [4, 6, 4])
    }

    @Test func whatIsUsualAmongTheOthersIsWhatTheyAloneSay() {
        var random = SplitMix64(seed: 21)
        let maps = (0..<6).map { _ in
            Plane(width: 5, height: 4, values: (0..<20).map { _ in Float(random.below(1_000)) / 10 })
        }
        let sums = UsualSums(maps)
        for left in maps.indices {
            let others = UsualSums(maps.indices.filter { $0 != left }.map { maps[$0] })
            let (found, expected) = (sums.usual(without: maps[left], smoothing: 1), others.usual(smoothing: 1))
            for (one, other) in zip(found.numbers, expected.numbers) { #expect(abs(one - other) < 1e-4) }
            #expect(found != sums.usual(smoothing: 1))
        }
        // One alone cannot be left out.
        let single = UsualSums([maps[0]])
        #expect(single.usual(without: maps[0], smoothing: 0) == single.usual(smoothing: 0))
    }

    @Test func theThresholdLiesWhereTheTailOfGoodScoresThinsOut() {
        let scores = (0..<101).map { Double($0) }
        // Beyond 90 come 91...100, on average 5.5 above.
        let threshold = Threshold(tailOf: scores, budget: 0.1)
        #expect(threshold.value == 90 && threshold.goodPictures == 101 && threshold.largestGood == 100)
        #expect(abs(Threshold(tailOf: scores, budget: 0.01).value - (90 + 55 * 0.2589254)) < 1e-4)
        // Of 20 the upper six: beyond 13.3 come 14...19, and the sixth root of 30 is 1.76274.
        let even = Threshold(tailOf: (0..<20).map { Double($0) }, budget: 0.01)
        #expect(abs(even.value - (13.3 + 19.2 * 0.76274)) < 1e-3)
        // Two that stand out say more than six: beyond 0.653 come 5 and 10, and the root of 10 is 3.16228.
        let few = Threshold(tailOf: (0..<18).map { Double($0) / 100 } + [5, 10], budget: 0.01)
        #expect(abs(few.value - (0.653 + 13.694 * 2.16228)) < 1e-3)
    }
}
