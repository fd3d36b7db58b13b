package import Pictures

/// Learns labelled classes of parts, one of which is the good one, in front of what good parts look like.
package struct ClassesFit {
    package struct Settings: Sendable, Equatable {
        package var memoryRows = 4_096
        package var region: Box?
        package init() {}
    }

    /// What the classes of pictures were taken for by what was learnt from the others.
    package struct Confusion: Sendable, Equatable {
        package var names: [String]
        /// [true class][found class, the last one unknown].
        package var counts: [[Int]]

        /// Share of all, and the mean of the shares of each class.
        package var accuracy: Double {
            let all = counts.joined().reduce(0, +)
            return Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(max(all, 1))
        }
        package var balanced: Double {
            let shares = counts.indices.map { Double(counts[$0][$0]) / Double(max(counts[$0].reduce(0, +), 1)) }
            return shares.reduce(0, +) / Double(max(shares.count, 1))
        }
    }

    private struct Labelled {
        var label: Int
        var descriptor: [Float]
    }

    /// A class of fewer pictures cannot be told from chance.
    package static let leastPictures = 5
    package static let mostClasses = 64
    private static let folds = 5
    /// Where the threshold may lie, as a probability of not being good.
    private static let thresholds = 0.2...0.98
    /// Pictures of a class that its threshold may leave without its name.
    private static let unnamed = 0.05
    private static let mostShare = 0.5

    private let backbone: Backbone
    private let settings: Settings
    private let names: [String]
    private let good: Int
    private var goods: GoodOnlyFit
    private var labelled: [Labelled] = []

    /// - Parameters:
    ///   - names: of the classes.
    ///   - good: which of them is the good one.
    package init(_ backbone: Backbone, names: [String], good: Int, settings: Settings) throws(InspectionError) {
        guard (2...Self.mostClasses).contains(names.count), names.indices.contains(good) else {
            throw .pictures(expected: "2 to \(Self.mostClasses) classes, one of them good", found: "\(names.count)")
        }
        self.backbone = backbone
        self.settings = settings
        self.names = names
        self.good = good
        var memory = GoodOnlyFit.Settings()
        memory.memoryRows = settings.memoryRows
        memory.region = settings.region
        goods = GoodOnlyFit(backbone, settings: memory)
    }

    package mutating func add(_ picture: Picture, name: String, label: Int) throws(InspectionError) {
        let looked = try picture.region(settings.region)
        let features = try backbone.features(of: looked)
        labelled.append(Labelled(label: label, descriptor: PictureDescriptor.values(of: features)))
        if label == good, goods.count < GoodOnlyFit.mostPictures {
            goods.add(features, of: picture, looked: looked, name: name)
        }
    }

    /// - Throws: where a class has fewer pictures than ``leastPictures``.
    package func finish(budget: Double) throws(InspectionError) -> (
        model: InspectionModel, outliers: [(name: String, score: Double)], confusion: Confusion
    ) {
        for (label, name) in names.enumerated() {
            let count = labelled.count { $0.label == label }
            guard count >= Self.leastPictures else {
                throw .pictures(expected: "at least \(Self.leastPictures) pictures of \(name)", found: "\(count)")
            }
        }
        var (model, outliers) = try goods.finish(budget: budget)
        let held = heldOut()
        let head = ClassHead(
            descriptors: labelled.map(\.descriptor), labels: labelled.map(\.label), classes: names.count)
        let goodScores = labelled.indices.filter { labelled[$0].label == good }.map { 1 - held[$0][good] }.sorted()
        let quantile = goodScores[goodScores.count - 1 - Int(budget * Double(goodScores.count))]
        let threshold = Threshold(
            value: min(max(quantile, Self.thresholds.lowerBound), Self.thresholds.upperBound),
            falseRejectBudget: budget, goodPictures: goodScores.count, largestGood: goodScores.last ?? 0)
        let classes = InspectionRecipe.Classes(
            names: names, good: good, leastShares: leastShares(held), dimension: head.dimension,
            memoryThreshold: model.recipe.threshold.value)
        model.recipe.mode = .classes
        model.recipe.threshold = threshold
        model.recipe.classes = classes
        model.recipe.size = nil
        model.head = head.numbers
        return (model, outliers, confusion(held, classes, threshold.value))
    }

    /// Probabilities of each picture's classes by what was learnt from the other folds.
    private func heldOut() -> [[Double]] {
        var place = [Int](repeating: 0, count: names.count)
        let fold = labelled.map { one -> Int in
            defer { place[one.label] += 1 }
            return place[one.label] % Self.folds
        }
        var held = [[Double]](repeating: [], count: labelled.count)
        for out in 0..<Self.folds {
            let inside = labelled.indices.filter { fold[$0] != out }
            let head = ClassHead(
                descriptors: inside.map { labelled[$0].descriptor }, labels: inside.map { labelled[$0].label },
                classes: names.count)
            for index in labelled.indices where fold[index] == out {
                held[index] = head.probabilities(of: labelled[index].descriptor)
            }
        }
        return held
    }

    /// Of each class, the least share among the defects that lets it have the name.
    private func leastShares(_ held: [[Double]]) -> [Double] {
        names.indices.map { label in
            guard label != good else { return 0 }
            let shares = labelled.indices.filter { labelled[$0].label == label }.map { index in
                ClassVerdict.share(held[index], label, good: good)
            }.sorted()
            return min(shares[Int(Self.unnamed * Double(shares.count))], Self.mostShare)
        }
    }

    private func confusion(_ held: [[Double]], _ classes: InspectionRecipe.Classes, _ threshold: Double) -> Confusion {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: names.count + 1), count: names.count)
        for index in labelled.indices {
            let found = ClassVerdict(held[index], classes, threshold: threshold)
            counts[labelled[index].label][found.label ?? names.count] += 1
        }
        return Confusion(names: names, counts: counts)
    }
}
