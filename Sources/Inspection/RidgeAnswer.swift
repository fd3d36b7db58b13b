/// Ridge regression on likenesses: for each class what each example adds to its answer.
struct RidgeAnswer {
    /// [example][class].
    let factors: [Double]
    /// What share each class has among the examples: the answer where nothing is alike.
    let shares: [Double]

    private static let ridge = 0.003

    /// A rare class's examples count for more: their ridge is smaller.
    ///
    /// - Parameter likeness: of two examples, by their numbers.
    init(labels: [Int], classes: Int, likeness: (Int, Int) -> Double) {
        let count = labels.count
        var members = [Double](repeating: 0, count: classes)
        for label in labels { members[label] += 1 }
        let shares = members.map { $0 / Double(max(count, 1)) }
        let rarity = labels.map { 1 / shares[$0].squareRoot() }
        let mean = rarity.reduce(0, +) / Double(max(count, 1))
        var matrix = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in 0...row { matrix[row * count + column] = likeness(row, column) }
            matrix[row * count + row] += Self.ridge * mean / rarity[row]
        }
        Self.factorize(&matrix, count)
        var factors = [Double](repeating: 0, count: count * classes)
        for row in 0..<count {
            for one in 0..<classes { factors[row * classes + one] = (labels[row] == one ? 1 : 0) - shares[one] }
        }
        Self.solve(matrix, count, &factors, classes)
        self.factors = factors
        self.shares = shares
    }

    /// Cholesky's factor, in the lower half. The ridge keeps it away from zero, and the floor does where rounding does not.
    // SAFETY: the matrix has count * count numbers, and indices stay below.
    private static func factorize(_ matrix: inout [Double], _ count: Int) {
        precondition(matrix.count == count * count)
        matrix.withUnsafeMutableBufferPointer { matrix in
            for row in 0..<count {
                for column in 0...row {
                    var sum = matrix[row * count + column]
                    for k in 0..<column { sum -= matrix[row * count + k] * matrix[column * count + k] }
                    matrix[row * count + column] =
                        row == column ? max(sum, 1e-9).squareRoot() : sum / matrix[column * count + column]
                }
            }
        }
    }

    private static func solve(_ factor: [Double], _ count: Int, _ right: inout [Double], _ width: Int) {
        for row in 0..<count {
            for k in 0..<row {
                let weight = factor[row * count + k]
                for one in 0..<width { right[row * width + one] -= weight * right[k * width + one] }
            }
            for one in 0..<width { right[row * width + one] /= factor[row * count + row] }
        }
        for row in (0..<count).reversed() {
            for k in (row + 1)..<max(count, row + 1) {
                let weight = factor[k * count + row]
                for one in 0..<width { right[row * width + one] -= weight * right[k * width + one] }
            }
            for one in 0..<width { right[row * width + one] /= factor[row * count + row] }
        }
    }
}
