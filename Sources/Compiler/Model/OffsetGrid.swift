/// Where each element of a result comes from, when that is a sum of one offset a dimension: what transposing, slicing,
/// repeating, gathering and padding have in common.
struct OffsetGrid {
    /// An offset for what comes from nowhere and is filled.
    static let nowhere = Int.min

    /// For each dimension of the result, the offset into the source at each index; or ``nowhere``.
    private let offsets: [[Int]]

    init(_ offsets: [[Int]]) { self.offsets = offsets }

    /// Each dimension goes on by a stride of its own.
    init(shape: [Int], strides: [Int]) {
        offsets = zip(shape, strides).map { extent, stride in (0..<extent).map { $0 * stride } }
    }

    /// Source indices along each dimension of a row-major source; below zero is ``nowhere``.
    init(indices: [[Int]], of shape: [Int]) {
        offsets = zip(indices, Shape.strides(shape)).map { indices, stride in
            indices.map { $0 < 0 ? Self.nowhere : $0 * stride }
        }
    }

    /// A shape repeated as numpy broadcasts; it must broadcast to `target`.
    init(broadcasting shape: [Int], to target: [Int]) {
        let strides = Shape.strides(shape)
        let added = target.count - shape.count
        self.init(
            shape: target,
            strides: target.indices.map { $0 < added || shape[$0 - added] == 1 ? 0 : strides[$0 - added] })
    }

    /// The source's elements in the order of the result.
    func pick<Element>(from source: [Element], fill: Element) -> [Element] {
        let count = offsets.reduce(1) { $0 * $1.count }
        guard count > 0 else { return [] }
        guard let last = offsets.last else { return [source[0]] }
        var result = [Element]()
        result.reserveCapacity(count)
        forEachRow { base in
            guard base != Self.nowhere else {
                result.append(contentsOf: repeatElement(fill, count: last.count))
                return
            }
            for offset in last { result.append(offset == Self.nowhere ? fill : source[base + offset]) }
        }
        return result
    }

    /// Calls `body` with the sum of the offsets of all dimensions but the last, in row-major order.
    private func forEachRow(_ body: (Int) -> Void) {
        let outer = offsets.dropLast()
        var index = [Int](repeating: 0, count: outer.count)
        var rows = outer.reduce(1) { $0 * $1.count }
        while rows > 0 {
            var base = 0
            for (dimension, position) in index.enumerated() {
                let offset = outer[dimension][position]
                if offset == Self.nowhere {
                    base = Self.nowhere
                    break
                }
                base += offset
            }
            body(base)
            rows -= 1
            for dimension in index.indices.reversed() {
                index[dimension] += 1
                if index[dimension] < outer[dimension].count { break }
                index[dimension] = 0
            }
        }
    }
}

extension Elements {
    /// The elements in the order of a grid.
    /// - Parameter fill: what comes from nowhere, as the nearest value of the type.
    func picked(by grid: OffsetGrid, fill: Double = 0) throws(ModelError) -> Elements {
        try apply(Picking(grid: grid, fill: fill))
    }
}

private struct Picking: ElementWork {
    let grid: OffsetGrid
    let fill: Double

    func callAsFunction<Element: TensorElement>(_ elements: [Element]) -> Elements {
        Element.elements(grid.pick(from: elements, fill: Element(nearest: fill)))
    }
}

extension TensorData {
    /// The tensor repeated to a shape that it broadcasts to.
    func broadcast(to target: [Int]) throws(ModelError) -> TensorData {
        if shape == target { return self }
        return TensorData(shape: target, try elements.picked(by: OffsetGrid(broadcasting: shape, to: target)))
    }
}
