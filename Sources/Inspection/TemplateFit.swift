package import Pictures

/// Learns how much good parts differ from the golden one, one picture after the other.
package struct TemplateFit {
    /// What became of a picture.
    package enum Outcome: Sendable, Hashable {
        case score(Double)
        case notUsed(NotJudged)
    }

    private struct Good {
        var name: String
        var score: Double
        var quality: PictureQuality
    }

    /// No part is so alike another that a difference of less than this share of the contrast would be a defect: sensors
    /// are noisy, and edges fall between pixels.
    private static let leastThreshold = 0.3
    /// Good prints seldom reach half of their contrast where they are placed to a part of a pixel.
    private static let usualThreshold = 0.6

    private let golden: Picture
    private let size: InspectionRecipe.Size
    private let region: Box?
    private let mask: [Bool]
    private let settings: TemplateComparison.Settings
    private let inspector: Inspector
    private let quality: PictureQuality
    private var goods: [Good] = []

    /// - Parameters:
    ///   - golden: the whole picture.
    ///   - region: the only part of it that is looked at.
    ///   - mask: a picture of the region's size, black where differences do not count.
    package init(golden: Picture, region: Box?, mask: Picture?, settings: TemplateComparison.Settings)
        throws(InspectionError)
    {
        size = .init(width: golden.width, height: golden.height)
        self.region = region
        self.golden = try golden.grey.region(region)
        self.mask = try Sight.mask(mask, of: .init(width: self.golden.width, height: self.golden.height))
        self.settings = settings
        quality = PictureQuality(of: Plane(self.golden))
        inspector = try Inspector(
            Self.model(
                size, region, self.golden, self.mask, settings, CameraLimits(good: [quality]),
                Threshold(value: Self.leastThreshold, falseRejectBudget: 0.01, goodPictures: 0, largestGood: 0)),
            backbone: nil)
    }

    private static func model(
        _ size: InspectionRecipe.Size, _ region: Box?, _ golden: Picture, _ mask: [Bool],
        _ settings: TemplateComparison.Settings, _ camera: CameraLimits, _ threshold: Threshold
    ) -> InspectionModel {
        let recipe = InspectionRecipe(
            mode: .template, size: size, region: region, hasMask: !mask.isEmpty, camera: camera, threshold: threshold,
            template: .init(settings))
        return InspectionModel(recipe: recipe, golden: golden.pixels, mask: mask)
    }

    /// Looks at a picture that is said to be good.
    package mutating func add(_ picture: Picture, name: String) throws(InspectionError) -> Outcome {
        let verdict = try inspector.judge(picture)
        if case .notJudged(let reason) = verdict.outcome { return .notUsed(reason) }
        let score = verdict.score ?? 0
        let looked = (try? picture.grey.region(region)) ?? golden
        goods.append(Good(name: name, score: score, quality: PictureQuality(of: Plane(looked))))
        return .score(score)
    }

    /// What was fitted, and the pictures that were left out of it because they look like defects among good parts.
    package func finish(budget: Double) -> (model: InspectionModel, outliers: [(name: String, score: Double)]) {
        let out = Set(Outliers.indices(of: goods.map(\.score), atLeast: Self.usualThreshold))
        let kept = goods.indices.filter { !out.contains($0) }.map { goods[$0] }
        let threshold = Threshold(
            scores: kept.map(\.score), budget: budget, least: Self.leastThreshold, usual: Self.usualThreshold)
        let camera = CameraLimits(good: [quality] + kept.map(\.quality))
        return (
            Self.model(size, region, golden, mask, settings, camera, threshold),
            out.sorted().map { (goods[$0].name, goods[$0].score) }
        )
    }
}
