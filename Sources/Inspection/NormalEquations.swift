/// Least squares by normal equations, for a handful of unknowns.
struct NormalEquations {
    private let unknowns: Int
    private var matrix: [Double]
    private var right: [Double]

    init(unknowns: Int) {
        self.unknowns = unknowns
        matrix = [Double](repeating: 0, count: unknowns * unknowns)
        right = [Double](repeating: 0, count: unknowns)
    }

    mutating func add(_ row: [Double], equals value: Double, weight: Double = 1) {
        for i in 0..<unknowns {
            right[i] += weight * row[i] * value
            for j in 0...i { matrix[i * unknowns + j] += weight * row[i] * row[j] }
        }
    }

    /// By Cholesky's factors; nil where an unknown is not determined.
    func solve() -> [Double]? {
        var factor = matrix
        var solution = right
        for i in 0..<unknowns {
            for j in 0...i {
                var sum = factor[i * unknowns + j]
                for k in 0..<j { sum -= factor[i * unknowns + k] * factor[j * unknowns + k] }
                if i == j {
                    guard sum > 1e-12 * max(matrix[i * unknowns + i], 1e-12) else { return nil }
                    factor[i * unknowns + i] = sum.squareRoot()
                } else {
                    factor[i * unknowns + j] = sum / factor[j * unknowns + j]
                }
            }
        }
        for i in 0..<unknowns {
            for k in 0..<i { solution[i] -= factor[i * unknowns + k] * solution[k] }
            solution[i] /= factor[i * unknowns + i]
        }
        for i in (0..<unknowns).reversed() {
            for k in (i + 1)..<unknowns { solution[i] -= factor[k * unknowns + i] * solution[k] }
            solution[i] /= factor[i * unknowns + i]
        }
        return solution
    }
}
