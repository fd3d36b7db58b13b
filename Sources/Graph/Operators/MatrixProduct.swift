/// `output = requantize(sum over k of (a[m, k] - zeroPointA) * (b[n, k] - zeroPointB))`: a product of two tensors that are
/// both computed, for each matrix of a batch.
///
/// - Shapes: a `[batch..., m, k]`, b `[batch..., n, k]` (or `[batch..., k, n]`), output `[batch..., m, n]`.
/// - Quantization: rounding as the plan's contract says.
package struct MatrixProduct: Operator {
    package static let code: UInt32 = 18
    package static let name = "matrix_product"

    package let wiring: Wiring
    package let batch: Int
    package let rows: Int
    package let columns: Int
    package let depth: Int
    /// Whether b is `[k, n]`.
    package let isRightRowMajor: Bool
    package let requantization: Requantization
    package let a: Quantization
    package let b: Quantization
    package let output: Quantization
    package let clamp: ClosedRange<Int32>

    package var multiplyAdds: Int { batch * rows * columns * depth }
    package var summary: String { Self.name + (isRightRowMajor ? "" : ", right side transposed") + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 2, of: Self.name)
        let (left, right) = (try decoder.input(0, of: Self.name), try decoder.input(1, of: Self.name))
        let result = try decoder.output(of: Self.name)
        wiring = decoder.wiring
        let isRightRowMajor = try decoder.flag("order of the right side")
        self.isRightRowMajor = isRightRowMajor
        clamp = try decoder.clamp()
        let rank = left.shape.count
        guard rank >= 2, right.shape.count == rank, result.shape.count == rank else {
            throw decoder.malformed(
                "shapes of \(Self.name)", expected: "equal ranks, 2 or more",
                found: "\(left.shape), \(right.shape) and \(result.shape)")
        }
        let outer = Array(left.shape.dropLast(2))
        (rows, depth) = (left.shape[rank - 2], left.shape[rank - 1])
        columns = right.shape[isRightRowMajor ? rank - 1 : rank - 2]
        batch = outer.reduce(1, *)
        let wanted = outer + (isRightRowMajor ? [depth, columns] : [columns, depth])
        try decoder.expect(
            right.shape == wanted && result.shape == outer + [rows, columns] && depth <= 16_384,
            "shapes of \(Self.name)", expected: "\(wanted) and a depth of at most 16384",
            found: "\(right.shape) for \(left.shape) and \(result.shape)")
        (a, b, output) = (left.quantization, right.quantization, result.quantization)
        let sum = SumOfProducts(
            .matrixProduct(isRightConstant: right.constant != nil), input: a.scale, weight: b.scale,
            output: output.scale, isPerTensor: true)
        guard let made = decoder.contract.requantization(sum) else {
            throw decoder.malformed(
                "scales of \(Self.name)", expected: "a ratio that \(decoder.contract.name) can do",
                found: "\(a.scale) * \(b.scale) / \(output.scale)")
        }
        requantization = made
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let (x, y) = (inputs[0].int8s, inputs[1].int8s)
        var result: [Int8] = []
        for matrix in 0..<batch {
            for row in 0..<rows {
                for column in 0..<columns {
                    var sum: Int32 = 0
                    for k in 0..<depth {
                        let right = isRightRowMajor ? k * columns + column : column * depth + k
                        sum +=
                            (Int32(x[(matrix * rows + row) * depth + k]) - a.zeroPoint)
                            * (Int32(y[matrix * depth * columns + right]) - b.zeroPoint)
                    }
                    result.append(Int8(requantization(sum, zeroPoint: output.zeroPoint, range: clamp)))
                }
            }
        }
        return [.int8(result)]
    }
}

extension PlanBuilder {
    /// Adds a product of two computed tensors, matrix by matrix.
    package mutating func matrixProduct(
        _ a: TensorID, _ b: TensorID, isRightRowMajor: Bool, output: Quantization,
        clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let (left, right) = (try shape(of: a), try shape(of: b))
        guard left.count >= 2, right.count == left.count else {
            throw .malformed(
                .init("ranks of \(MatrixProduct.name)", expected: "equal, 2 or more", found: "\(left) and \(right)"))
        }
        let columns = right[isRightRowMajor ? right.count - 1 : right.count - 2]
        let result = tensor(name: name, shape: left.dropLast() + [columns], quantization: output)
        append(MatrixProduct.self, [a, b], [result]) { encoder in
            encoder.flag(isRightRowMajor)
            encoder.clamp(clamp)
        }
        return result
    }
}
