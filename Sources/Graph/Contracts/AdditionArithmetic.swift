/// The ways to add two int8 numbers of different scales that kernels know; a contract chooses one and its constants.
package struct AdditionArithmetic: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// Each side moved left and scaled to a common unit, then their sum scaled to the output's.
        case twoStep(a: FixedPointMultiplier, b: FixedPointMultiplier, sum: FixedPointMultiplier, side: Side)
        /// `(half + a * factorA + b * factorB) >> shift`: one rounding, half up.
        case fixedPoint(a: Int32, b: Int32, shift: Int32)
    }

    /// How one side reaches the common unit: moved left by 20, scaled, and its factor's shift to the right ...
    package enum Side: UInt32, Hashable, Sendable, CaseIterable {
        /// ... rounded, ties away from zero.
        case rounded = 0
        /// ... cut off.
        case floored = 1
        /// ... taken off the 20 beforehand, so that nothing is lost.
        case shiftedLess = 2
    }

    package var method: Method
    /// What is done from element ``bodyCount`` on, where plain code finishes what vector code began.
    package var tail: Method
    /// Elements to which ``method`` applies.
    package var bodyCount: Int
    package var subtracts: Bool

    package init(_ method: Method, tail: Method? = nil, bodyCount: Int = .max, subtracts: Bool = false) {
        self.method = method
        self.tail = tail ?? method
        self.bodyCount = bodyCount
        self.subtracts = subtracts
    }

    package static let leftShift: Int32 = 20

    /// - Parameter a: less its zero point, and so is b.
    /// - Parameter index: of the element in the result.
    /// - Returns: before the output's zero point is added.
    package func callAsFunction(_ a: Int32, _ b: Int32, at index: Int) -> Int32 {
        switch index < bodyCount ? method : tail {
        case .twoStep(let scaleA, let scaleB, let scaleSum, let side):
            let left = side.scale(a, scaleA)
            let right = side.scale(b, scaleB)
            return scaleSum.scale(subtracts ? left - right : left + right, ties: .away)
        case .fixedPoint(let factorA, let factorB, let shift):
            // |factor| <= 2^21 and |operand| <= 255: within 2^30 together.
            let right = subtracts ? -b : b
            return (((1 << shift) >> 1) + factorA * a + factorB * right) >> shift
        }
    }
}

extension AdditionArithmetic.Side {
    /// - Parameter multiplier: a factor of at most 1/2, so that its shift goes to the right.
    func scale(_ x: Int32, _ multiplier: FixedPointMultiplier) -> Int32 {
        let left = AdditionArithmetic.leftShift
        switch self {
        case .rounded: return multiplier.scale(x << left, ties: .away)
        case .floored:
            let product = FixedPointMultiplier.saturatingRoundingDoublingHighMultiply(x << left, multiplier.value)
            return product >> -multiplier.shift
        case .shiftedLess:
            let shift = left + multiplier.shift
            let moved = shift >= 0 ? x << shift : 0
            return FixedPointMultiplier.saturatingRoundingDoublingHighMultiply(moved, multiplier.value)
        }
    }
}
