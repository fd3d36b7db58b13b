/// Where the elements of a strided view lie: the common ground of the operators that only move elements.
package struct Strides {
    /// Row-major elements between neighbours, one a dimension.
    package static func rowMajor(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// Calls `body` with the offset of each element of a view, row-major.
    package static func forEach(_ shape: [Int], _ strides: [Int], from start: Int = 0, _ body: (Int) -> Void) {
        var index = [Int](repeating: 0, count: shape.count)
        var offset = start
        let count = shape.reduce(1, *)
        for _ in 0..<count {
            body(offset)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < shape[axis] { break }
                offset -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}
