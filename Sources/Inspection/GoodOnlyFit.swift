internal import Kernels
package import Pictures

/// Learns from good parts alone what they look like.
package struct GoodOnlyFit {
    package struct Settings: Sendable, Equatable {
        /// Places that are kept of each size.
        package var memoryRows = 4_096
        package var sight = SightSettings()
        package init() {}
    }

    private struct Good {
        var name: String
        var size: InspectionRecipe.Size
        var quality: PictureQuality
        var features: FeatureMap
    }

    /// Features of more pictures would take more memory than a box has to spare (100 kB a picture), and say little new.
    package static let mostPictures = 600
    /// Fewer do not show how good parts differ.
    package static let leastPictures = 5
    private let backbone: Backbone
    private let settings: Settings
    private var sight: Sight?
    private var goods: [Good] = []
    /// Where parts were found beside the reference, and how like it they are there; empty without one.
    package private(set) var placed: [(placement: Placement, likeness: Double)] = []

    package init(_ backbone: Backbone, settings: Settings) {
        self.backbone = backbone
        self.settings = settings
    }

    package var count: Int { goods.count }

    /// - Throws: where the region is not within the picture, or its part does not lie as the reference does.
    package mutating func add(_ picture: Picture, name: String) throws(InspectionError) {
        let looked = try look(at: picture)
        add(try backbone.features(of: looked), of: picture, looked: looked, name: name)
    }

    /// What the network is to see of a picture.
    mutating func look(at picture: Picture) throws(InspectionError) -> Picture {
        if let size = settings.sight.size, size != .init(width: picture.width, height: picture.height) {
            throw .pictures(
                expected: "\(size), as the reference", found: "\(picture.width) x \(picture.height)")
        }
        let sight: Sight
        if let known = self.sight { sight = known } else { sight = try settings.sight.sight(for: picture) }
        self.sight = sight
        do throws(NotJudged) {
            let seen = try sight.see(picture)
            if let placement = seen.placement, let likeness = seen.likeness { placed.append((placement, likeness)) }
            return seen.picture
        } catch {
            throw .pictures(expected: "a part that can be looked at", found: "\(error)")
        }
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
        let sight = settings.sight
        let mask = try mask(sizes)
        let memory = fitted.memory
        let recipe = InspectionRecipe(
            mode: .goodOnly, size: sizes.count == 1 ? sizes.first : nil, region: sight.region, hasMask: !mask.isEmpty,
            camera: CameraLimits(good: kept.map(\.quality)),
            threshold: Threshold(tailOf: fitted.maps.map(GoodMemory.score), budget: budget),
            memory: .init(
                levels: memory.levels.map { .init(side: $0.side, rows: $0.rows.count / backbone.channels) },
                channels: backbone.channels, columns: backbone.columns, rows: backbone.rows),
            alignment: sight.reference.map { _ in
                .init(
                    shiftShare: sight.limits.shiftShare, degrees: sight.limits.degrees,
                    leastCorrelation: SightSettings.leastCorrelation)
            })
        let model = InspectionModel(
            recipe: recipe, golden: sight.reference?.grey.pixels ?? [], mask: mask,
            memory: memory.levels.flatMap(\.rows),
            usual: memory.levels.flatMap(\.usual.numbers))
        return (model, out.sorted().map { (goods[$0].name, first[$0]) })
    }

    /// - Parameter sizes: of the pictures that were learnt.
    private func mask(_ sizes: Set<InspectionRecipe.Size>) throws(InspectionError) -> [Bool] {
        guard let mask = settings.sight.mask, let size = sizes.first else { return [] }
        guard sizes.count == 1 else {
            throw .pictures(
                expected: "with a mask, pictures of one size",
                found: sizes.map(\.description).sorted().joined(separator: ", "))
        }
        let region = settings.sight.region
        return try Sight.mask(
            mask, of: region.map { .init(width: $0.right - $0.left, height: $0.bottom - $0.top) } ?? size)
    }
}
