import Inspection

/// What `inspect fit` says about what it has learnt.
struct FitReport: Encodable {
    struct NotUsed: Encodable {
        var file: String
        var reason: String
    }
    struct Outlier: Encodable {
        var file: String
        var score: Double
    }

    /// Where the parts were found beside the reference that they are laid like.
    struct Alignment: Encodable {
        /// In pixels and degrees, the largest of all.
        var shift: Double
        var turn: Double
        /// Correlation with the reference, 1 for the same.
        var median_likeness: Double
        var least_likeness: Double

        init?(_ placed: [(placement: Placement, likeness: Double)]) {
            let likeness = placed.map(\.likeness).sorted()
            guard let least = likeness.first else { return nil }
            (least_likeness, median_likeness) = (least, likeness[likeness.count / 2])
            shift =
                placed.map { ($0.placement.x * $0.placement.x + $0.placement.y * $0.placement.y).squareRoot() }.max()
                ?? 0
            turn = placed.map { abs($0.placement.degrees) }.max() ?? 0
        }

        /// Parts with an outline or a print are more alike than this where they lie alike.
        private static let clear = 0.8

        var words: String {
            func percent(_ share: Double) -> String { Format.fixed(share * 100, 0) }
            let found =
                "up to \(Format.fixed(shift, 1)) pixels shifted and \(Format.fixed(turn, 1)) degrees turned; there "
                + "\(percent(median_likeness)) % like the reference (median), \(percent(least_likeness)) % at least"
            return median_likeness >= Self.clear
                ? found : "\(found): little for parts that show where they lie; look whether --align does them any good"
        }
    }

    var mode: String
    var model = ""
    var sha256 = ""
    var threshold = 0.0
    var good_pictures = 0
    var largest_good = 0.0
    /// Share of good parts that may be rejected; nil where the threshold is not made for one.
    var false_reject_budget: Double?
    var memory_rows: Int?
    var alignment: Alignment?
    /// Pictures that could not be read or judged, or that were too many.
    var not_used: [NotUsed] = []
    /// Pictures that look like defects among the good ones.
    var outliers: [Outlier] = []

    /// Of classes: what each was taken for by what was learnt from the others, the last column unknown.
    var classes: [String]?
    var confusion: [[Int]]?
    var accuracy: Double?
    var balanced_accuracy: Double?
    var view: InspectionRecipe.View?

    mutating func take(_ confusion: ClassesFit.Confusion) {
        classes = confusion.names
        self.confusion = confusion.counts
        accuracy = confusion.accuracy
        balanced_accuracy = confusion.balanced
    }

    init(mode: InspectionRecipe.Mode) { self.mode = mode.rawValue }

    /// - Parameter budget: what was asked for; nil where nothing was.
    mutating func complete(_ fitted: InspectionModel, budget: Double?, file: String, digest: String) {
        model = file
        sha256 = digest
        threshold = fitted.recipe.threshold.value
        good_pictures = fitted.recipe.threshold.goodPictures
        largest_good = fitted.recipe.threshold.largestGood
        false_reject_budget = good_pictures < Threshold.leastScores ? nil : budget
        view = fitted.recipe.classes?.view
        memory_rows = fitted.recipe.memory.map { $0.levels.reduce(0) { $0 + $1.rows } }
    }

    /// What the threshold is made for, and how far that is borne out.
    private var reach: String {
        if let budget = false_reject_budget {
            let asked = "for \(Format.fixed(budget * 100, 2)) % false rejects"
            guard Double(good_pictures) * budget < 1 else { return asked }
            return asked + ": fewer than \(good_pictures) pictures can show, so it follows from how their scores spread"
        }
        if good_pictures < Threshold.leastScores {
            return "the usual one: from \(Threshold.leastScores) good pictures on it follows from how much they differ"
        }
        return "a part is what it looks like most; --false-rejects asks for a share of good parts instead"
    }

    var words: String {
        var rows = [
            ["model", model], ["sha256", sha256],
            ["threshold", "\(Format.fixed(threshold, 3)), \(reach)"],
            [
                "learnt from",
                good_pictures == 0
                    ? "the golden part alone: usual limits"
                    : "\(good_pictures) good pictures, the largest score \(Format.fixed(largest_good, 3))",
            ],
        ]
        if let alignment { rows.append(["aligned", alignment.words]) }
        if let memory_rows { rows.append(["memory", "\(memory_rows) places of good parts"]) }
        if let classes, let confusion, let accuracy, let balanced_accuracy {
            rows.append([
                "classes",
                "\(Format.fixed(accuracy * 100, 1)) % right, \(Format.fixed(balanced_accuracy * 100, 1)) % balanced, by what "
                    + "was learnt from the others; "
                    + (view == .mirrored ? "a part and its mirror images count as one:" : "it matters how parts lie:"),
            ])
            for (name, counts) in zip(classes, confusion) {
                let found = zip(classes + [Inspector.unknown], counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
                rows.append(["  \(name)", found.joined(separator: ", ")])
            }
        }
        for one in not_used { rows.append(["not used", "\(one.file): \(one.reason)"]) }
        for one in outliers {
            rows.append(["not learnt", "\(one.file): score \(Format.fixed(one.score, 3)), it looks like a defect"])
        }
        return Format.table(rows)
    }
}
