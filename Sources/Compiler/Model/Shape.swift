/// Arithmetic on shapes that neither overflows nor lets a file ask for more than an edge box has.
enum Shape {
    /// Elements of one tensor: 1 GiB as float32, far beyond any network that runs at the edge.
    static let maximumElements = 1 << 28

    /// Product of the other dimensions of a tensor without elements: nothing in the file pays for walking along them.
    static let maximumEmptyExtent = 1 << 20

    /// Rows, columns, strides and the like: products of two of them stay far below 2^63.
    static let maximumExtent = 1 << 28

    /// Number of elements.
    /// - Throws: `.mismatch` for a dimension below zero, `.tooLarge` beyond ``maximumElements`` or, of an empty tensor,
    ///   ``maximumEmptyExtent``.
    static func count(_ shape: [Int], of what: @autoclosure () -> String) throws(ModelError) -> Int {
        let limit = shape.contains(0) ? maximumEmptyExtent : maximumElements
        var count = 1
        // A dimension of zero makes the product zero whatever the others are, but not after an overflow.
        for extent in shape {
            guard extent >= 0 else {
                throw .mismatch(.init("shape of " + what(), expected: "no dimension below zero", found: "\(shape)"))
            }
            let (product, overflows) = count.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflows, product <= limit else {
                throw .tooLarge(
                    .init("shape of " + what(), expected: "at most \(limit) elements", found: "\(shape)"))
            }
            count = product
        }
        return shape.contains(0) ? 0 : count
    }

    /// Elements from one index to the next along each dimension, row-major.
    static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for dimension in shape.indices.dropLast().reversed() {
            strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
        }
        return strides
    }

    /// What two shapes broadcast to as numpy does; nil if they do not.
    static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
        let rank = max(a.count, b.count)
        var result = [Int](repeating: 1, count: rank)
        for back in 1...max(rank, 1) where back <= rank {
            let extentA = back <= a.count ? a[a.count - back] : 1
            let extentB = back <= b.count ? b[b.count - back] : 1
            guard extentA == extentB || extentA == 1 || extentB == 1 else { return nil }
            result[rank - back] = extentA == 1 ? extentB : extentA
        }
        return result
    }

    /// The shape with dimensions taken out, or kept as 1.
    static func reduced(_ shape: [Int], axes: some Sequence<Int>, keepsDimensions: Bool) -> [Int] {
        let axes = Set(axes)
        return shape.indices.compactMap { axes.contains($0) ? (keepsDimensions ? 1 : nil) : shape[$0] }
    }
}

/// A tensor seen as `outer` runs of `count` elements that lie `inner` apart: what works along one dimension needs.
struct AxisLayout {
    let outer: Int
    let count: Int
    let inner: Int

    init(_ shape: [Int], axis: Int) {
        outer = shape[..<axis].reduce(1, *)
        count = shape[axis]
        inner = shape[(axis + 1)...].reduce(1, *)
    }

    /// Calls `body` with the position of the first element of each run.
    func forEachRun<E: Error>(_ body: (Int) throws(E) -> Void) throws(E) {
        for high in 0..<outer {
            for low in 0..<inner { try body(high * count * inner + low) }
        }
    }
}
