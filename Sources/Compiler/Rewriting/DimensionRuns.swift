/// The runs of dimensions on both sides of a reshape that hold the same elements.
///
/// Dimensions of one element hold nothing: those of the new shape go with the dimension before them, or stay in front.
struct DimensionRuns {
    /// Dimensions of the old shape and of the new one, by run.
    private var runs: [(old: [Int], new: [Int])] = []
    private let front: [Int]

    /// - Returns: nil where the shapes hold no elements, or not as many.
    init?(from old: [Int], to new: [Int]) {
        guard !old.contains(0), old.reduce(1, *) == new.reduce(1, *) else { return nil }
        let real = old.indices.filter { old[$0] != 1 }
        front = Array(new.indices.prefix { new[$0] == 1 })
        var (i, j) = (0, front.count)
        while j < new.count {
            var run = (old: [Int](), new: [j])
            var (a, b) = (1, new[j])
            j += 1
            while a != b || j < new.count && new[j] == 1 {
                if a < b, i < real.count {
                    a *= old[real[i]]
                    run.old.append(real[i])
                    i += 1
                } else if j < new.count {
                    b *= new[j]
                    run.new.append(j)
                    j += 1
                } else {
                    return nil
                }
            }
            runs.append(run)
        }
    }

    /// How `transpose, reshape` is said the other way round.
    struct Exchange {
        /// Transposes within runs, before the reshape; mostly none.
        var inner: [Int]
        /// The shape to reshape to.
        var shape: [Int]
        /// Transposes whole runs, after the reshape.
        var outer: [Int]
    }

    /// - Parameter shape: the shape before the transpose.
    /// - Returns: nil if the transpose tears a run apart, or moves none as a whole.
    static func exchange(_ shape: [Int], _ permutation: [Int], reshape: [Int]) -> Exchange? {
        guard let runs = DimensionRuns(from: Permutation.apply(permutation, to: shape), to: reshape) else { return nil }
        let real = shape.indices.filter { shape[$0] != 1 }
        var inner = Array(shape.indices)
        var placed: [(first: Int, new: [Int])] = []
        for run in runs.runs {
            let sources = run.old.map { permutation[$0] }
            guard let first = sources.min(), let start = real.firstIndex(of: first) else { return nil }
            let block = Array(real[start...].prefix(sources.count))
            guard block == sources.sorted() else { return nil }
            for (place, source) in zip(block, sources) { inner[place] = source }
            placed.append((first, run.new))
        }
        let order = runs.front + placed.sorted { $0.first < $1.first }.flatMap(\.new)
        guard Permutation.isIdentity(inner) || !Permutation.isIdentity(order) else { return nil }
        return Exchange(
            inner: inner, shape: Permutation.apply(order, to: reshape), outer: Permutation.inverse(order))
    }
}
