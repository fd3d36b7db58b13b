internal import Kernels
package import Pictures

/// Learns from good parts alone what they look like.
package struct GoodOnlyFit {
    package struct Settings: Sendable, Equatable {
        /// Rows of the memory.
        package var memoryRows = 1_000
        package var region: Box?
        package init() {}
    }

    private struct Good {
        var name: String
        var size: InspectionRecipe.Size
        var quality: PictureQuality
        var features: FeatureMap
    }

    /// Features of more pictures would take more memory than a box has to spare (75 kB a picture), and say little new.
    package static let mostPictures = 600
    /// Fewer do not show how good parts differ.
    package static let leastPictures = 5
    /// Cells that memories are chosen among.
    private static let mostCandidates = 30_000
    /// Pictures are judged by what was learnt from the others, these parts of all at a time.
    private static let folds = 5
    /// Of the map, in cells.
    private static let smoothing = 0.7

    private let backbone: Backbone
    private let settings: Settings
    private var goods: [Good] = []

    package init(_ backbone: Backbone, settings: Settings) {
        self.backbone = backbone
        self.settings = settings
    }

    package var count: Int { goods.count }

    /// - Throws: where the region is not within the picture.
    package mutating func add(_ picture: Picture, name: String) throws(InspectionError) {
        let looked = try picture.region(settings.region)
        add(try backbone.features(of: looked), of: picture, looked: looked, name: name)
    }

    mutating func add(_ features: FeatureMap, of picture: Picture, looked: Picture, name: String) {
        goods.append(
            Good(
                name: name, size: .init(width: picture.width, height: picture.height),
                quality: PictureQuality(of: Plane(looked.grey)), features: features))
    }

    /// What was fitted, and the pictures that were left out of it because they look like defects among good parts.
    ///
    /// - Throws: for fewer pictures than ``leastPictures``.
    package func finish(budget: Double) throws(InspectionError) -> (
        model: InspectionModel, outliers: [(name: String, score: Double)]
    ) {
        guard goods.count >= Self.leastPictures else {
            throw .pictures(expected: "at least \(Self.leastPictures) good pictures", found: "\(goods.count)")
        }
        let first = heldOutScores(goods)
        let out = Set(Outliers.indices(of: first, atLeast: 0))
        let kept = goods.indices.filter { !out.contains($0) }.map { goods[$0] }
        let scores = out.isEmpty ? first : heldOutScores(kept)
        let rows = memoryRows(kept)
        let sizes = Set(kept.map(\.size))
        let recipe = InspectionRecipe(
            mode: .goodOnly, size: sizes.count == 1 ? sizes.first : nil, region: settings.region, hasMask: false,
            camera: CameraLimits(good: kept.map(\.quality)),
            threshold: Threshold(scores: scores, budget: budget, least: 0, usual: scores.max() ?? 1),
            memory: memorySettings(rows))
        return (
            InspectionModel(recipe: recipe, memory: rows), out.sorted().map { (goods[$0].name, first[$0]) }
        )
    }

    private func memorySettings(_ rows: [Int8]) -> InspectionRecipe.Memory {
        .init(
            rows: rows.count / backbone.channels, channels: backbone.channels, featureScale: backbone.featureScale,
            smoothing: Self.smoothing)
    }

    private func memoryRows(_ goods: [Good]) -> [Int8] {
        var all: [Int8] = []
        // The same share of each picture, so that no more is copied than is looked at.
        let share = max(1, Self.mostCandidates / max(goods.count, 1))
        for good in goods {
            all += Coreset.thinned(good.features.values, channels: backbone.channels, most: share)
        }
        return Coreset.rows(
            of: all, channels: backbone.channels, count: settings.memoryRows, kernels: backbone.kernels.bytes)
    }

    private func heldOutScores(_ goods: [Good]) -> [Double] {
        var scores = [Double](repeating: 0, count: goods.count)
        for fold in 0..<min(Self.folds, goods.count) {
            let isOut = { (index: Int) in index % Self.folds == fold }
            let rows = memoryRows(goods.indices.filter { !isOut($0) }.map { goods[$0] })
            let memory = GoodMemory(rows, memorySettings(rows), kernels: backbone.kernels.bytes)
            for index in goods.indices where isOut(index) {
                scores[index] = Double(memory.map(of: goods[index].features).values.max() ?? 0)
            }
        }
        return scores
    }
}
