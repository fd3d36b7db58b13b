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
        /// Descriptors.
        var asItLies: [Float]
        var mirrored: [Float]
    }

    /// A class of fewer pictures cannot be told from chance.
    package static let leastPictures = 5
    package static let mostClasses = 64
    /// More pictures would take minutes to be told apart.
    package static let mostPictures = 1_000
    /// Pictures are taken as they lie where that makes the error smaller by a tenth at least: where it matters how parts lie, it is smaller
    /// by far.
    private static let clearGain = 0.9
    /// Of so many pictures of each class, how many are used: where there are too many, each class gives way by the same share, but for
    /// what it needs.
    package static func used(of counts: [Int]) -> [Int] {
        let all = counts.reduce(0, +)
        guard all > mostPictures else { return counts }
        var used = counts.map { min($0, max(leastPictures, $0 * mostPictures / all)) }
        while used.reduce(0, +) > mostPictures, let largest = used.indices.max(by: { used[$0] < used[$1] }) {
            used[largest] -= 1
        }
        return used
    }

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
        guard InspectionRecipe.Classes.areNames(names) else {
            throw .pictures(
                expected: "names of classes that differ, without control characters, none of them \(Inspector.unknown)",
                found: names.map { $0.debugDescription }.joined(separator: ", "))
        }
        let numbers = PictureDescriptor.count(channels: backbone.channels)
        guard numbers <= ClassHead.mostNumbers else {
            throw .model(
                what: "network", expected: "at most \(ClassHead.mostNumbers) numbers to tell classes by",
                found: "\(numbers), of \(backbone.channels) channels")
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

    /// As ``GoodOnlyFit/placed``, of every class.
    package var placed: [(placement: Placement, likeness: Double)] { goods.placed }

    package mutating func add(_ picture: Picture, name: String, label: Int) throws(InspectionError) {
        let looked = try goods.look(at: picture)
        let views = try backbone.features(of: looked, in: .mirrored)
        labelled.append(
            Labelled(
                label: label, asItLies: PictureDescriptor.values(of: views[0]),
                mirrored: PictureDescriptor.values(of: views)))
        if label == good, goods.count < GoodOnlyFit.mostPictures {
            goods.add(views[0], of: picture, looked: looked, name: name)
        }
    }

    /// - Parameter budget: share of good parts that may be rejected; nil where a part is what answers most clearly.
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
        let (examples, held) = best()
        let head = examples.head
        let threshold = self.threshold(held, budget: budget)
        let classes = InspectionRecipe.Classes(
            names: names, good: good, leastShares: leastShares(held), view: examples.view, dimension: head.dimension,
            examples: labelled.count, memoryThreshold: model.recipe.threshold.value)
        model.recipe.mode = .classes
        model.recipe.threshold = threshold
        model.recipe.classes = classes
        model.examples = head.examples
        model.head = head.numbers
        return (model, outliers, confusion(held, classes, threshold.value))
    }

    /// Good parts that what is unusual may reject although the classes call them good, where no budget is stated.
    private static let memoryBudget = 0.01

    /// Found without the pictures that are judged.
    private func best() -> (examples: ClassExamples, held: [[Double]]) {
        let asTheyLie = trial(.asItLies, { $0.asItLies })
        let mirrored = trial(.mirrored, { $0.mirrored })
        return error(asTheyLie.held) < Self.clearGain * error(mirrored.held) ? asTheyLie : mirrored
    }

    private func trial(
        _ view: InspectionRecipe.View, _ descriptor: (Labelled) -> [Float]
    ) -> (examples: ClassExamples, held: [[Double]]) {
        let examples = ClassExamples(
            view, descriptors: labelled.map(descriptor), labels: labelled.map(\.label), classes: names.count)
        return (examples, examples.heldOut())
    }

    /// Mean square of what the answers were off, each class counting the same: it changes less by chance than what was right.
    private func error(_ held: [[Double]]) -> Double {
        var squares = [Double](repeating: 0, count: names.count)
        var members = squares
        for (own, labelled) in zip(held, labelled) {
            members[labelled.label] += 1
            for one in names.indices {
                let off = own[one] - (one == labelled.label ? 1 : 0)
                squares[labelled.label] += off * off
            }
        }
        return zip(squares, members).reduce(0) { $0 + $1.0 / max($1.1, 1) } / Double(names.count)
    }

    /// As the budget says, by how the scores of good pictures thin out; without one a part is what answers most clearly.
    private func threshold(_ held: [[Double]], budget: Double?) -> Threshold {
        let goods = held.indices.filter { labelled[$0].label == good }
            .map { ClassVerdict.score(held[$0], good: good) }.sorted()
        if let budget {
            var threshold = Threshold(tailOf: goods, budget: budget)
            // Beyond 1 nothing would be a defect any more.
            threshold.value = min(max(threshold.value, ClassVerdict.leastScore), Self.mostThreshold)
            return threshold
        }
        let rejected = Double(goods.count { $0 > Self.middle }) / Double(max(goods.count, 1))
        return Threshold(
            value: Self.middle, falseRejectBudget: rejected, goodPictures: goods.count, largestGood: goods.last ?? 0,
            spread: Threshold.Spread(goods))
    }

    private static let middle = 0.5
    private static let mostThreshold = 0.95

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
