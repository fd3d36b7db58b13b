/// Arithmetic on orders of dimensions: `new[d] = old[permutation[d]]`.
enum Permutation {
    static func isIdentity(_ permutation: [Int]) -> Bool { permutation == Array(permutation.indices) }

    static func inverse(_ permutation: [Int]) -> [Int] {
        var result = permutation
        for (place, dimension) in permutation.enumerated() { result[dimension] = place }
        return result
    }

    /// First one, then the other, as one.
    static func joined(_ first: [Int], _ second: [Int]) -> [Int] { second.map { first[$0] } }

    static func apply<Element>(_ permutation: [Int], to list: [Element]) -> [Element] { permutation.map { list[$0] } }

    /// Whether no element moves in memory: only dimensions of one element change place.
    static func movesNothing(_ permutation: [Int], of shape: [Int]) -> Bool {
        let real = permutation.filter { shape[$0] != 1 }
        return zip(real, real.dropFirst()).allSatisfy { $0 < $1 }
    }
}
