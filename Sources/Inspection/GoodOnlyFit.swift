internal import Kernels
package import Pictures

/// Learns from good parts alone what they look like.
package struct GoodOnlyFit {
    package struct Settings: Sendable, Equatable {
        /// Places that are kept of each size.
        package var memoryRows = 4_096
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
        let kernels = backbone.kernels.bytes
        var kept = goods
        var fitted = GoodMemoryFit(kept.map(\.features), rows: settings.memoryRows, kernels: kernels)
        let first = fitted.maps.map(GoodMemory.score)
        let out = Set(Outliers.indices(of: first, atLeast: 0))
        if !out.isEmpty {
            kept = goods.indices.filter { !out.contains($0) }.map { goods[$0] }
            fitted = GoodMemoryFit(kept.map(\.features), rows: settings.memoryRows, kernels: kernels)
        }
        let sizes = Set(kept.map(\.size))
        let memory = fitted.memory
        let recipe = InspectionRecipe(
            mode: .goodOnly, size: sizes.count == 1 ? sizes.first : nil, region: settings.region, hasMask: false,
            camera: CameraLimits(good: kept.map(\.quality)),
            threshold: Threshold(tailOf: fitted.maps.map(GoodMemory.score), budget: budget),
            memory: .init(
                levels: memory.levels.map { .init(side: $0.side, rows: $0.rows.count / backbone.channels) },
                channels: backbone.channels, columns: backbone.columns, rows: backbone.rows,
                hasLooks: memory.looks != nil))
        let model = InspectionModel(
            recipe: recipe, memory: memory.levels.flatMap(\.rows),
            usual: memory.levels.flatMap(\.usual.numbers) + (memory.looks?.numbers ?? []))
        return (model, out.sorted().map { (goods[$0].name, first[$0]) })
    }
}
