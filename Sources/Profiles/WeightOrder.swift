/// In which order a chip keeps the weights of a convolution in memory, outermost first.
///
/// Written as words: `output/32, input/32, height, width, output%32:2, input%32:16` says blocks of 32 output channels, in
/// each of them blocks of 32 input channels, in each the rows and columns of the window, and in there 32 output channels
/// of 32 input channels each. What stands behind the colon is to which multiple the last block is filled up; without it,
/// to the whole block. `output%64` in front of `output/64` deals channels out to 64 places, one after the other.
package struct WeightOrder: Hashable, Sendable {
    package enum Axis: String, CaseIterable, Hashable, Sendable { case output, input, height, width }

    package enum Factor: Hashable, Sendable {
        case whole(Axis)
        /// Which block.
        case block(Axis, size: Int)
        /// Which one of the block; the last block has as many as there are, rounded up to `multiple`.
        case within(Axis, size: Int, multiple: Int)
    }

    package let factors: [Factor]

    static let largestBlock = 4_096

    /// - Returns: nil unless each axis stands there once as a whole, or once as blocks and once within them.
    package init?(words: [String]) {
        var factors: [Factor] = []
        for word in words {
            guard let factor = Factor(word) else { return nil }
            factors.append(factor)
        }
        for axis in Axis.allCases {
            let own = factors.filter { $0.axis == axis }
            switch (own.first, own.dropFirst().first, own.count) {
            case (.whole, nil, 1): continue
            // Windows stand whole: nobody fills them up.
            case _ where axis == .height || axis == .width: return nil
            case (.block(_, let size), .within(_, let inner, let multiple), 2)
            where inner == size && size % multiple == 0: continue
            // The places of a block outside: each has as many blocks as the first.
            case (.within(_, let inner, let multiple), .block(_, let size), 2)
            where inner == size && multiple == size: continue
            default: return nil
            }
        }
        self.factors = factors
    }

    /// The size of the block that channels of this axis stand in; nil where they stand in none.
    package func blockSize(of axis: Axis) -> Int? {
        for case .block(axis, let size) in factors { return size }
        return nil
    }
}

extension WeightOrder.Factor {
    package var axis: WeightOrder.Axis {
        switch self {
        case .whole(let axis), .block(let axis, _), .within(let axis, _, _): axis
        }
    }

    fileprivate init?(_ word: String) {
        let letters = word.prefix { $0.isLetter }
        guard let axis = WeightOrder.Axis(rawValue: String(letters)) else { return nil }
        var rest = word.dropFirst(letters.count)
        guard let sign = rest.popFirst() else {
            self = .whole(axis)
            return
        }
        let numbers = rest.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard numbers.allSatisfy({ (1...WeightOrder.largestBlock).contains($0) }) else { return nil }
        switch (sign, numbers.count) {
        case ("/", 1): self = .block(axis, size: numbers[0])
        case ("%", 1): self = .within(axis, size: numbers[0], multiple: numbers[0])
        case ("%", 2): self = .within(axis, size: numbers[0], multiple: numbers[1])
        default: return nil
        }
    }
}
