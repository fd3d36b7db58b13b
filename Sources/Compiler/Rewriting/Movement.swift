/// Which operations only move elements or compare them, so that integers and the real numbers they stand for go through
/// alike.
enum Movement {
    /// The operands whose elements the result consists of; nil if the operation computes.
    static func movedOperands(_ node: Node) -> Range<Int>? {
        switch node.operation {
        case is Reshape, is Transpose, is Slice, is Split, is Tile, is Broadcast, is Gather, is Pad: 0..<1
        case is Concatenate: 0..<node.inputs.count
        case let pool as Pool where pool.kind == .maximum: 0..<1
        case let resize as Resize where resize.method == .nearest: 0..<1
        case let reduce as Reduce where reduce.function == .maximum || reduce.function == .minimum: 0..<1
        case let unary as Unary: if case .clamp = unary.function { 0..<1 } else { nil }
        default: nil
        }
    }

    /// Whether the node brings no real number of its own into the result, or only ones that a tensor with one scale
    /// holds exactly: what a pad adds, what a clamp within its limits cuts off at.
    static func isExact(_ operation: any Operation, _ quantization: ValueQuantization, type: ElementType) -> Bool {
        switch operation {
        case let pad as Pad:
            guard case .constant(let level) = pad.mode else { return true }
            return quantization.rounded(level, type: type) == level
        case let pool as Pool: return isExact(pool.activation, quantization, type: type)
        case let unary as Unary:
            guard case .clamp(let range) = unary.function else { return true }
            return isExact(range, quantization, type: type)
        default: return true
        }
    }

    private static func isExact(_ range: Activation, _ quantization: ValueQuantization, type: ElementType) -> Bool {
        let limits = quantization.limits(type)
        let isLowExact =
            range.low <= limits.low
            || range.low <= limits.high && quantization.rounded(range.low, type: type) == range.low
        let isHighExact =
            range.high >= limits.high
            || range.high >= limits.low && quantization.rounded(range.high, type: type) == range.high
        return isLowExact && isHighExact
    }
}
