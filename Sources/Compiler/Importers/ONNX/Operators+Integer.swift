/// Products of integers, kept as 32 bit sums: the forms that dynamic quantization leaves.
enum IntegerOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "ConvInteger": convolution, "MatMulInteger": matrixProduct,
    ]

    /// Elements less their zero point, in 32 bits.
    /// - Parameter spread: the shape of several zero points, such that they broadcast over the elements.
    private static func centred(
        _ node: inout NodeImport, _ x: ValueID, _ zeroPoint: ValueID?, spread: (Int) -> [Int]
    ) throws(ModelError) -> ValueID {
        let wide = try node.cast(x, to: .int32)
        guard let zeroPoint else { return wide }
        let count = node.shape(zeroPoint).reduce(1, *)
        let zero = try node.reshape(zeroPoint, count == 1 ? [] : spread(count))
        return try node.binary(.subtract, wide, try node.cast(zero, to: .int32))
    }

    private static func convolution(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try centred(&node, try node.input(0), node.optional(2)) { [1, $0] }
        let laid = try ConvolutionOperators.relaid(&node, try node.input(1))
        let weights = try centred(&node, laid, node.optional(3)) { [$0, 1, 1, 1] }
        return [try ConvolutionOperators.convolution(&node, x, weights, bias: nil)]
    }

    private static func matrixProduct(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let a = try centred(&node, try node.input(0), node.optional(2)) { [$0, 1] }
        let b = try centred(&node, try node.input(1), node.optional(3)) { [$0] }
        return [try MatrixOperators.product(&node, a, b)]
    }
}
