/// The mean, or the sum, along some dimensions that lie side by side.
///
/// - Shapes: input `[outer..., count..., inner...]`, output with 1 for each dimension of `count`, or without them.
/// - Quantization: the contract's ``ReductionArithmetic``.
package struct Mean: Operator {
    package static let code: UInt32 = 5
    package static let name = "mean"

    package let wiring: Wiring
    package let kind: ReductionOfMany.Kind
    package let inputShape: [Int]
    package let axes: Range<Int>
    package let arithmetic: ReductionArithmetic

    package var summary: String { "\(kind) along dimensions \(axes.lowerBound)...\(axes.upperBound - 1)" }
    package var extents: (outer: Int, count: Int, inner: Int) {
        (
            inputShape[..<axes.lowerBound].reduce(1, *), inputShape[axes].reduce(1, *),
            inputShape[axes.upperBound...].reduce(1, *)
        )
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (from, to) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        inputShape = from.shape
        kind = try decoder.choice("kind of \(Self.name)", ReductionOfMany.Kind.self)
        let isUnsigned = try decoder.flag("origin in uint8")
        let first = try decoder.integer("first dimension", in: 0...inputShape.count - 1)
        let last = try decoder.integer("last dimension", in: first...inputShape.count - 1)
        axes = first..<last + 1
        let count = inputShape[axes].reduce(1, *)
        // 2^22 numbers of at most 128 each stay within 2^29, and so does what a zero point adds to each.
        try decoder.expect(
            to.elementCount == from.elementCount / count && count <= 1 << 22, "output of \(Self.name)",
            expected: "\(from.elementCount / count) elements, each of at most 2^22", found: "\(to.elementCount)")
        let isImage = inputShape.count == 4 && to.shape.count == 4 && axes == 1..<3
        let reduction = ReductionOfMany(
            kind, from.quantization, output: to.quantization, count: count,
            imageChannels: isImage ? inputShape[3] : nil, isUnsigned: isUnsigned)
        guard let arithmetic = decoder.contract.reduction(reduction) else {
            throw decoder.malformed(
                "scales of \(Self.name)", expected: "a ratio that \(decoder.contract.name) can do",
                found: "\(from.quantization.scale) / \(to.quantization.scale) / \(count)")
        }
        self.arithmetic = arithmetic
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        let (outer, count, inner) = extents
        var means: [Int8] = []
        for o in 0..<outer {
            for i in 0..<inner {
                var sum: Int32 = 0
                for index in 0..<count { sum += Int32(x[(o * count + index) * inner + i]) }
                means.append(Int8(arithmetic(sum, channel: i)))
            }
        }
        return [.int8(means)]
    }
}

extension PlanBuilder {
    /// Adds a mean, or a sum, along dimensions that lie side by side.
    /// - Parameters:
    ///   - shape: of the result.
    ///   - isUnsigned: carried over from uint8, which some contracts tell apart.
    package mutating func mean(
        _ input: TensorID, kind: ReductionOfMany.Kind = .mean, axes: Range<Int>, shape: [Int],
        isUnsigned: Bool = false, output: Quantization, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let rank = try self.shape(of: input).count
        guard axes.lowerBound >= 0, !axes.isEmpty, axes.upperBound <= rank else {
            throw .malformed(.init("dimensions of \(Mean.name)", expected: "some of 0..<\(rank)", found: "\(axes)"))
        }
        let result = tensor(name: name, shape: shape, quantization: output)
        append(Mean.self, [input], [result]) { encoder in
            encoder.choice(kind)
            encoder.flag(isUnsigned)
            encoder.integer(axes.lowerBound)
            encoder.integer(axes.upperBound - 1)
        }
        return result
    }
}
