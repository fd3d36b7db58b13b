package import Pictures

/// Learns labelled classes of parts, one of which is the good one, in front of what good parts look like.
package struct ClassesFit {
    package struct Settings: Sendable, Equatable {
        package var memoryRows = 4_096
        package var sight = SightSettings()
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
    /// More pictures would take minutes to be told apart.
    package static let mostPictures = 1_000
    /// Of how alike pictures are; which one serves best is found out without the pictures that are judged.
    private static let sharpnesses = [0.25, 0.5, 1, 2]
    /// A defect gets no name where its class answers less than half as clearly as all but one of twenty of those shown.
    private static let unnamed = 0.05
    private static let clarity = 0.5

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
        memory.sight = settings.sight
        goods = GoodOnlyFit(backbone, settings: memory)
    }

    package mutating func add(_ picture: Picture, name: String, label: Int) throws(InspectionError) {
        let looked = try goods.look(at: picture)
        let features = try backbone.features(of: looked)
        labelled.append(Labelled(label: label, descriptor: PictureDescriptor.values(of: features)))
        if label == good, goods.count < GoodOnlyFit.mostPictures {
            goods.add(features, of: picture, looked: looked, name: name)
        }
    }

    /// - Parameter budget: share of good parts that may be rejected; nil for the fewest mistakes.
    /// - Throws: where a class has fewer pictures than ``leastPictures``.
    package func finish(budget: Double?) throws(InspectionError) -> (
        model: InspectionModel, outliers: [(name: String, score: Double)], confusion: Confusion
    ) {
        for (label, name) in names.enumerated() {
            let count = labelled.count { $0.label == label }
            guard count >= Self.leastPictures else {
                throw .pictures(expected: "at least \(Self.leastPictures) pictures of \(name)", found: "\(count)")
            }
        }
        var (model, outliers) = try goods.finish(budget: budget ?? Self.memoryBudget)
        let (means, scales) = ClassHead.scales(of: labelled.map(\.descriptor))
        let examples = labelled.map { ClassHead.quantized($0.descriptor, means, scales) }
        let distances = Self.distances(examples)
        let trials = Self.sharpnesses.map { (sharpness: $0, held: heldOut(distances, $0)) }
        let best = trials.indices.max { right(trials[$0].held) < right(trials[$1].held) } ?? 0
        let (sharpness, held) = trials[best]
        let labels = labelled.map(\.label)
        let answer = RidgeAnswer(labels: labels, classes: names.count) { row, column in
            ClassHead.likeness(distances[row][column], sharpness)
        }
        let head = ClassHead(
            classes: names.count, sharpness: sharpness, examples: examples.flatMap { $0 }, means: means, scales: scales,
            answer)
        let threshold = self.threshold(held, budget: budget)
        let classes = InspectionRecipe.Classes(
            names: names, good: good, leastShares: leastShares(held), dimension: head.dimension,
            examples: examples.count, sharpness: sharpness, memoryThreshold: model.recipe.threshold.value)
        model.recipe.mode = .classes
        model.recipe.threshold = threshold
        model.recipe.classes = classes
        model.examples = head.examples
        model.head = head.numbers
        return (model, outliers, confusion(held, classes, threshold.value))
    }

    /// Good parts that what is unusual may reject although the classes call them good, where no budget is stated.
    private static let memoryBudget = 0.01

    /// [row][column], the lower half.
    private static func distances(_ examples: [[Int8]]) -> [[Double]] {
        examples.indices.map { row in
            (0...row).map { ClassHead.distance(examples[row][...], examples[$0][...]) }
        }
    }

    /// Answers for each picture by what was learnt from the other folds.
    private func heldOut(_ distances: [[Double]], _ sharpness: Double) -> [[Double]] {
        func likeness(_ a: Int, _ b: Int) -> Double {
            ClassHead.likeness(a >= b ? distances[a][b] : distances[b][a], sharpness)
        }
        var place = [Int](repeating: 0, count: names.count)
        let fold = labelled.map { one -> Int in
            defer { place[one.label] += 1 }
            return place[one.label] % Self.folds
        }
        var held = [[Double]](repeating: [], count: labelled.count)
        for out in 0..<Self.folds {
            let inside = labelled.indices.filter { fold[$0] != out }
            let answer = RidgeAnswer(labels: inside.map { labelled[$0].label }, classes: names.count) {
                likeness(inside[$0], inside[$1])
            }
            for index in labelled.indices where fold[index] == out {
                var answers = answer.shares
                for (number, example) in inside.enumerated() {
                    let alike = likeness(index, example)
                    for one in names.indices { answers[one] += alike * answer.factors[number * names.count + one] }
                }
                held[index] = answers
            }
        }
        return held
    }

    /// Mean of each class's share of largest answers.
    private func right(_ held: [[Double]]) -> Double {
        var hits = [Double](repeating: 0, count: names.count)
        var members = hits
        for index in held.indices {
            let label = labelled[index].label
            members[label] += 1
            if names.indices.max(by: { held[index][$0] < held[index][$1] }) == label { hits[label] += 1 }
        }
        return zip(hits, members).reduce(0) { $0 + $1.0 / max($1.1, 1) } / Double(names.count)
    }

    /// Where good parts and others are mistaken for each other least often, or as the budget says.
    private func threshold(_ held: [[Double]], budget: Double?) -> Threshold {
        func scores(_ isGood: Bool) -> [Double] {
            held.indices.filter { (labelled[$0].label == good) == isGood }
                .map { ClassVerdict.score(held[$0], good: good) }.sorted()
        }
        let (goods, bads) = (scores(true), scores(false))
        var value = 0.5
        if let budget {
            value = goods[goods.count - 1 - Int(budget * Double(goods.count))]
        } else {
            func errors(_ limit: Double) -> Int { goods.count { $0 > limit } + bads.count { $0 <= limit } }
            let all = (goods + bads).sorted()
            // Halfway between neighbours; of equally good ones that nearest to the middle.
            let limits = zip(all, all.dropFirst()).map { ($0 + $1) / 2 } + [0.5]
            value = limits.min { (errors($0), abs($0 - 0.5)) < (errors($1), abs($1 - 0.5)) } ?? 0.5
        }
        value = max(value, ClassVerdict.leastScore)
        let rejected = Double(goods.count { $0 > value }) / Double(max(goods.count, 1))
        return Threshold(
            value: value, falseRejectBudget: budget ?? rejected, goodPictures: goods.count,
            largestGood: goods.last ?? 0, spread: Threshold.Spread(goods))
    }

    /// Of each class, the least share among the defects that lets it have the name.
    private func leastShares(_ held: [[Double]]) -> [Double] {
        names.indices.map { label in
            guard label != good else { return 0 }
            let shares = labelled.indices.filter { labelled[$0].label == label }.map { index in
                ClassVerdict.share(held[index], label, good: good)
            }.sorted()
            return Self.clarity * max(0, shares[Int(Self.unnamed * Double(shares.count))])
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
