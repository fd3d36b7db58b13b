internal import Kernels
package import Pictures

/// Moves a fitted model by what people say of single parts, within limits.
///
/// The same words about the same pictures, in the same order, give the same model: what is taken back is taken back by going
/// over the others again from the model as it was fitted.
package struct FeedbackFit {
    /// What somebody's word did.
    package enum Effect: Sendable, Hashable {
        /// The model said so already.
        case none
        /// So many places of the part are known as good from now on.
        case remembered(places: Int)
        case threshold(from: Double, to: Double)
        /// It moved as far as it may, and still says otherwise.
        case limited(at: Double)
        case notJudged(NotJudged)
    }

    /// The model as it is now.
    package private(set) var model: InspectionModel
    private let base: InspectionModel
    private let backbone: Backbone?
    /// The largest score of a part that somebody has called good.
    private var largestGood = 0.0
    /// Rows added to each size of the memory.
    private var added: [Int]

    /// Rows of each size that one part may add, and all together: a word more must not outweigh the fit.
    private static let rowsPerPart = 64
    private static let rows = 512
    /// The threshold may rise by a quarter, and fall to half: further away the model is to be fitted anew.
    private static let highest = 1.25
    private static let lowest = 0.5
    /// A score that is to lie on the other side lies there by this much.
    private static let hair = 1e-6

    /// - Parameter backbone: of the model's file; not needed by mode `template`.
    package init(_ model: InspectionModel, backbone: Backbone?) {
        self.model = model
        base = model
        self.backbone = backbone
        added = [Int](repeating: 0, count: model.recipe.memory?.levels.count ?? 0)
    }

    package mutating func take(_ picture: Picture, isGood: Bool) throws(InspectionError) -> Effect {
        let verdict = try judge(picture)
        switch verdict.outcome {
        case .notJudged(let reason): return .notJudged(reason)
        case .good where isGood, .defect where !isGood:
            if isGood { largestGood = max(largestGood, verdict.score ?? 0) }
            return .none
        case .good: return fall(below: verdict.score ?? 0)
        case .defect: return try accept(picture, score: verdict.score ?? 0)
        }
    }

    private func judge(_ picture: Picture) throws(InspectionError) -> PartVerdict {
        try Inspector(model, backbone: backbone).judge(picture)
    }

    // MARK: Was good

    /// What the memory lacks is added to it; only where that is not enough, or there is none, the threshold rises.
    private mutating func accept(_ picture: Picture, score: Double) throws(InspectionError) -> Effect {
        var score = score
        if model.recipe.mode == .goodOnly {
            let places = try remember(picture)
            score = try judge(picture).score ?? score
            if score <= model.recipe.threshold.value {
                largestGood = max(largestGood, score)
                return .remembered(places: places)
            }
        }
        let before = model.recipe.threshold.value
        var limit = base.recipe.threshold.value * Self.highest
        // A class's score is a share: at 1 nothing would be a defect any more.
        if model.recipe.mode == .classes { limit = min(limit, (1 + base.recipe.threshold.value) / 2) }
        let wanted = score * (1 + Self.hair)
        model.recipe.threshold.value = max(before, min(wanted, limit))
        guard case .good = try judge(picture).outcome else { return .limited(at: model.recipe.threshold.value) }
        largestGood = max(largestGood, score)
        return .threshold(from: before, to: model.recipe.threshold.value)
    }

    /// Adds the places that lie over the threshold, the most unusual first.
    ///
    /// - Returns: how many, over all sizes.
    private mutating func remember(_ picture: Picture) throws(InspectionError) -> Int {
        guard let backbone, let recipe = model.recipe.memory, let looked = try judge(picture).looked else { return 0 }
        let features = try backbone.features(of: looked)
        let cells = Inspector.memory(model, recipe, kernels: backbone.kernels.bytes).map(of: features)
        let threshold = Float(model.recipe.threshold.value)
        var (rows, count) = ([Int8](), 0)
        var kept = model.memory[...]
        for (index, level) in recipe.levels.enumerated() {
            let squares = features.squares(level.side)
            var strengths: [Int: Float] = [:]
            for y in 0..<cells.height {
                for x in 0..<cells.width where cells[x, y] > threshold {
                    let square = y / level.side * squares.columns + x / level.side
                    strengths[square] = max(strengths[square] ?? 0, cells[x, y])
                }
            }
            let room = max(0, min(Self.rowsPerPart, Self.rows - added[index]))
            let chosen = strengths.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(room).map(\.key)
            let own = level.rows * recipe.channels
            rows += kept.prefix(own)
            kept = kept.dropFirst(own)
            for square in chosen {
                rows += squares.values[square * recipe.channels..<(square + 1) * recipe.channels]
            }
            model.recipe.memory?.levels[index].rows += chosen.count
            added[index] += chosen.count
            count += chosen.count
        }
        model.memory = rows
        return count
    }

    // MARK: Was bad

    /// Never below a part that is known as good: the best of the fit, and those that somebody has called so.
    private mutating func fall(below score: Double) -> Effect {
        let threshold = base.recipe.threshold
        let floor = max(
            min(threshold.value, threshold.largestGood), largestGood * (1 + Self.hair), threshold.value * Self.lowest)
        let before = model.recipe.threshold.value
        let wanted = score * (1 - Self.hair)
        model.recipe.threshold.value = min(before, max(wanted, floor))
        guard wanted >= floor else { return .limited(at: model.recipe.threshold.value) }
        return .threshold(from: before, to: model.recipe.threshold.value)
    }
}
