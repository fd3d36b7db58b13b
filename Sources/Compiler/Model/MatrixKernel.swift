/// An element that matrices are multiplied of.
protocol MatrixElement: TensorElement {
    /// `sum + a * b`; whole numbers wrap round as ONNX's integer operators do.
    static func multiplyAdd(_ sum: Self, _ a: Self, _ b: Self) -> Self
    static var one: Self { get }
}

extension Float: MatrixElement {
    @inline(__always)
    static func multiplyAdd(_ sum: Float, _ a: Float, _ b: Float) -> Float { sum + a * b }
    static var one: Float { 1 }
}

extension Int32: MatrixElement {
    @inline(__always)
    static func multiplyAdd(_ sum: Int32, _ a: Int32, _ b: Int32) -> Int32 { sum &+ a &* b }
    static var one: Int32 { 1 }
}

/// Dense products, fast enough to calibrate with: the inner loop runs over contiguous columns, so that it vectorizes
/// without reordering a sum.
enum MatrixKernel {
    /// `result [i] [m, n] += a [aMatrices[i]] [m, k] * b [bMatrices[i]] [k, n]`, row-major; sums over k in ascending order.
    static func multiplyAdd<Element: MatrixElement>(
        _ a: [Element], _ aMatrices: [Int], _ b: [Element], _ bMatrices: [Int], into result: inout [Element],
        m: Int, n: Int, k: Int
    ) {
        precondition(result.count == aMatrices.count * m * n && aMatrices.count == bMatrices.count)
        // SAFETY: rebasing a slice checks its bounds; the buffers do not leave the closures.
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                result.withUnsafeMutableBufferPointer { result in
                    for (index, (first, second)) in zip(aMatrices, bMatrices).enumerated() {
                        multiplyAdd(
                            .init(rebasing: a[first * m * k..<(first + 1) * m * k]),
                            .init(rebasing: b[second * k * n..<(second + 1) * k * n]),
                            .init(rebasing: result[index * m * n..<(index + 1) * m * n]), m: m, n: n, k: k)
                    }
                }
            }
        }
    }

    /// The same on buffers, `a` holding at least `m * k`, `b` at least `k * n` and `result` at least `m * n` elements.
    // SAFETY: callers own the memory for the call, and `result` overlaps neither operand.
    static func multiplyAdd<Element: MatrixElement>(
        _ a: UnsafeBufferPointer<Element>, _ b: UnsafeBufferPointer<Element>,
        _ result: UnsafeMutableBufferPointer<Element>, m: Int, n: Int, k: Int
    ) {
        guard m > 0, n > 0, k > 0, let a = a.baseAddress, let b = b.baseAddress, let result = result.baseAddress
        else { return }
        for i in 0..<m {
            let row = a + i * k
            let sums = result + i * n
            var depth = 0
            while depth + 4 <= k {
                let (a0, a1, a2, a3) = (row[depth], row[depth + 1], row[depth + 2], row[depth + 3])
                let (b0, b1) = (b + depth * n, b + (depth + 1) * n)
                let (b2, b3) = (b + (depth + 2) * n, b + (depth + 3) * n)
                for j in 0..<n {
                    var sum = Element.multiplyAdd(sums[j], a0, b0[j])
                    sum = Element.multiplyAdd(sum, a1, b1[j])
                    sum = Element.multiplyAdd(sum, a2, b2[j])
                    sums[j] = Element.multiplyAdd(sum, a3, b3[j])
                }
                depth += 4
            }
            while depth < k {
                let factor = row[depth]
                let column = b + depth * n
                for j in 0..<n { sums[j] = Element.multiplyAdd(sums[j], factor, column[j]) }
                depth += 1
            }
        }
    }

    /// Each of the matrices `[rows, columns]` that lie one behind the other, transposed.
    static func transposingEach<Element: MatrixElement>(_ matrices: [Element], rows: Int, columns: Int) -> [Element] {
        guard rows > 1, columns > 1 else { return matrices }
        let size = rows * columns
        var result = matrices
        // SAFETY: all indices are below matrices.count, which is a multiple of rows * columns.
        matrices.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                for start in stride(from: 0, to: source.count, by: size) {
                    for row in 0..<rows {
                        for column in 0..<columns {
                            target[start + column * rows + row] = source[start + row * columns + column]
                        }
                    }
                }
            }
        }
        return result
    }
}
