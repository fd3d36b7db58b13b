/// How the scale of a node's results comes about: what TensorFlow Lite's int8 operators ask for, so that a quantized
/// model is computed alike under each numeric contract.
///
/// - Source: TensorFlow Lite 8-bit quantization specification, "Int8 quantized operator specifications".
enum ScaleRule: Hashable {
    /// From the numbers seen.
    case own
    /// Known beforehand, whatever the numbers.
    case fixed(scale: Float, zeroPoint: Int32)
    /// The operand's: elements are moved, or averaged, and not scaled.
    case operand
    /// One for all operands and the result, but for operands whose scale is fixed: those are requantized.
    case shared
    /// The result is no quantized value: a place, a truth value.
    case whole
}

extension Model {
    /// The rule of a node.
    /// - Throws: `.unsupported` with what a plan would compute instead.
    func scaleRule(of node: Node) throws(ModelError) -> ScaleRule {
        let expected: String
        switch node.operation {
        case is Convolution:
            if hasRealWeights(node, rank: 4) { return .own }
            expected = "constant weights and bias"
        case let convolution as TransposedConvolution:
            if convolution.groups == 1, hasRealWeights(node, rank: 4) { return .own }
            expected = "constant weights and bias in one group"
        case let product as MatrixProduct:
            if !product.transposesA, hasRealWeights(node, rank: 2) || isProductOfTwo(node) { return .own }
            expected = "constant weights and bias, or two computed sides without a bias"
        case let binary as Binary:
            switch binary.function {
            case .add, .subtract, .multiply: return .own
            case .minimum, .maximum: return .shared
            default: expected = "add, subtract, multiply, minimum or maximum"
            }
        case let unary as Unary:
            switch unary.function {
            case .identity: return .operand
            case .sigmoid: return .fixed(scale: 1 / 256, zeroPoint: -128)
            case .tanh: return .fixed(scale: 1 / 128, zeroPoint: 0)
            case .not, .isNaN, .isInfinite: expected = "a function with real results"
            default: return .own
            }
        case let softmax as Softmax:
            if !softmax.isLogarithm, isLast(softmax.axis, node) { return .fixed(scale: 1 / 256, zeroPoint: -128) }
            expected = "a plain softmax along the last dimension"
        case let normalization as L2Normalization:
            if isLast(normalization.axis, node) { return .fixed(scale: 1 / 128, zeroPoint: 0) }
            expected = "a normalization along the last dimension"
        case let pool as Pool:
            if pool.kind == .maximum || !pool.countsPadding || pool.padding == .none { return .operand }
            expected = "an average that leaves padding out"
        case let reduce as Reduce:
            let isRun = zip(reduce.axes, reduce.axes.dropFirst()).allSatisfy { $0 + 1 == $1 }
            if [.mean, .sum].contains(reduce.function), !reduce.axes.isEmpty, isRun { return .own }
            expected = "a mean or a sum along dimensions that lie side by side"
        case let pad as Pad:
            if pad.mode != .wrap, (pad.before + pad.after).allSatisfy({ $0 >= 0 }) { return .operand }
            expected = "padding that adds a constant, the edge or its mirror image"
        case is Reshape, is Transpose, is Slice, is Split, is Resize: return .operand
        case is Concatenate: return .shared
        case let argument as ArgumentReduce:
            if argument.resultType == .int32 { return .whole }
            expected = "an int32 result"
        default: expected = "an operation that int8 plans have"
        }
        let operands = node.inputs.compactMap { $0 }.map { "\(self[$0].type) \(self[$0].shape)" }
        throw .unsupported(
            .init(
                type(of: node.operation).name, expected: expected, found: operands.joined(separator: ", "),
                place: node.place))
    }

    private func isLast(_ axis: Int, _ node: Node) -> Bool { axis == self[node.outputs[0]].shape.count - 1 }

    /// Weights and bias that are constants, one slice an output channel.
    private func hasRealWeights(_ node: Node, rank: Int) -> Bool {
        guard node.inputs.count > 1, let weights = node.inputs[1], self[weights].constant?.type == .float32,
            self[weights].shape.count == rank
        else { return false }
        guard node.inputs.count > 2, let bias = node.inputs[2] else { return true }
        let channels = self[node.outputs[0]].shape.last ?? 1
        return self[bias].constant?.type == .float32 && [1, channels].contains(self[bias].elementCount)
    }

    private func isProductOfTwo(_ node: Node) -> Bool {
        node.inputs.count > 1 && node.inputs.prefix(2).allSatisfy { $0.map { self[$0].constant == nil } ?? false }
            && (node.inputs.count < 3 || node.inputs[2] == nil)
    }
}
