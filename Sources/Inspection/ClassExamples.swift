/// Labelled pictures in one view, and how far apart they are.
struct ClassExamples {
    let view: InspectionRecipe.View
    private let labels: [Int]
    private let classes: Int
    private let means: [Float]
    private let scales: [Float]
    /// Descriptors as the head keeps them.
    private let rows: [[Int8]]
    /// [row][column], the lower half.
    private let distances: [[Double]]

    private static let folds = 5

    init(_ view: InspectionRecipe.View, descriptors: [[Float]], labels: [Int], classes: Int) {
        let (means, scales) = ClassHead.scales(of: descriptors)
        let rows = descriptors.map { ClassHead.quantized($0, means, scales) }
        self.view = view
        self.labels = labels
        self.classes = classes
        self.means = means
        self.scales = scales
        self.rows = rows
        distances = rows.indices.map { row in
            (0...row).map { ClassHead.distance(rows[row][...], rows[$0][...]) }
        }
    }

    var head: ClassHead {
        let answer = RidgeAnswer(labels: labels, classes: classes) { likeness($0, $1) }
        return ClassHead(
            classes: classes, examples: rows.flatMap { $0 }, means: means, scales: scales, answer)
    }

    /// Answers for each picture by what was learnt from the other folds.
    func heldOut() -> [[Double]] {
        var place = [Int](repeating: 0, count: classes)
        let fold = labels.map { label -> Int in
            defer { place[label] += 1 }
            return place[label] % Self.folds
        }
        var held = [[Double]](repeating: [], count: labels.count)
        for out in 0..<Self.folds {
            let inside = labels.indices.filter { fold[$0] != out }
            let answer = RidgeAnswer(labels: inside.map { labels[$0] }, classes: classes) {
                likeness(inside[$0], inside[$1])
            }
            for index in labels.indices where fold[index] == out {
                var answers = answer.shares
                for (number, example) in inside.enumerated() {
                    let alike = likeness(index, example)
                    for one in 0..<classes { answers[one] += alike * answer.factors[number * classes + one] }
                }
                held[index] = answers
            }
        }
        return held
    }

    private func likeness(_ a: Int, _ b: Int) -> Double {
        ClassHead.likeness(a >= b ? distances[a][b] : distances[b][a])
    }
}
