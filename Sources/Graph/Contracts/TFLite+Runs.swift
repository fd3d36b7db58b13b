extension TFLite {
    /// How two operands meet, as the kernels of TensorFlow Lite walk them: in runs of neighbouring elements.
    ///
    /// Source: `process_broadcast_shapes.cc`, `ProcessBroadcastShapes`; `optimized_ops::BinaryBroadcastFiveFold`.
    enum Runs: Hashable {
        /// Both advance.
        case elementwise(Int)
        /// One number against many.
        case scalar(Int)
        /// Neither: walked one by one.
        case general

        init(_ a: [Int], _ b: [Int]) {
            let rank = max(a.count, b.count)
            var one = [Int](repeating: 1, count: rank - a.count) + a
            var other = [Int](repeating: 1, count: rank - b.count) + b
            let count = zip(one, other).reduce(1) { $0 * max($1.0, $1.1) }
            guard let last = one.indices.last(where: { one[$0] != other[$0] }) else {
                self = .elementwise(count)
                return
            }
            // The one that repeats nearest to the end comes first.
            if other[last] == 1 { swap(&one, &other) }
            var fold = [Int](repeating: 1, count: 5)
            var axis = rank - 1
            func take(_ index: Int, _ size: [Int], while fits: (Int, Int) -> Bool) {
                while axis >= 0, fits(one[axis], other[axis]) {
                    fold[index] *= size[axis]
                    axis -= 1
                }
            }
            take(4, other) { $0 == $1 }
            take(3, other) { first, _ in first == 1 }
            take(2, one) { $0 == $1 }
            take(1, one) { _, second in second == 1 }
            take(0, other) { $0 == $1 }
            self = axis >= 0 ? .general : fold[4] > 1 ? .elementwise(fold[4]) : .scalar(fold[3])
        }
    }
}
