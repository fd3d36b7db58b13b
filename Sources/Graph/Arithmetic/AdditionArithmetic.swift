import Glibc

/// A sum of two tensors, as far as contracts tell them apart.
package struct SumOfTwo: Hashable, Sendable {
    package var a: Quantization
    package var b: Quantization
    package var output: Quantization
    package var shapeA: [Int]
    package var shapeB: [Int]
    package var subtracts: Bool
    /// Carried over from uint8.
    package var isUnsigned: Bool

    package init(
        _ a: Quantization, _ shapeA: [Int], _ b: Quantization, _ shapeB: [Int], output: Quantization,
        subtracts: Bool = false, isUnsigned: Bool = false
    ) {
        self.a = a
        self.b = b
        self.shapeA = shapeA
        self.shapeB = shapeB
        self.output = output
        self.subtracts = subtracts
        self.isUnsigned = isUnsigned
    }
}

/// The ways to add two int8 numbers of different scales that kernels know; a contract chooses one and its constants.
package struct AdditionArithmetic: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// Each side less its zero point moved left and scaled to a common unit, then their sum scaled to the output's.
        case twoStep(a: FixedPointMultiplier, b: FixedPointMultiplier, sum: FixedPointMultiplier, side: Side)
        /// `(half + (a - zeroPointA) * factorA + (b - zeroPointB) * factorB) >> shift`: one rounding, half up.
        case fixedPoint(a: Int32, b: Int32, shift: Int32)
        /// `round half to even(fma(a + origin, factorA, fma(b + origin, factorB, offset))) - origin`: the stored numbers,
        /// and the output's zero point is part of the offset. The origin is 128 where they were uint8, else 0.
        case float(a: Float, b: Float, offset: Float, origin: Int32)
        /// `round half to even((a - zeroPointA) * factorA + (b - zeroPointB) * factorB) + zeroPoint`: each operation rounded
        /// to float32 by itself.
        case realNumbers(a: Float, b: Float)
        /// Each side less its zero point scaled and rounded by itself, half up; then their sum and the zero point.
        case separate(a: Requantization.Fraction, b: Requantization.Fraction)
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
    /// What is done from element ``bodyCount`` of each run on, where plain code finishes what vector code began.
    package var tail: Method
    /// Elements of one run: after so many, counting begins anew.
    package var runCount: Int
    /// Elements of a run to which ``method`` applies.
    package var bodyCount: Int
    package var subtracts: Bool
    package var zeroPointA: Int32
    package var zeroPointB: Int32
    package var zeroPoint: Int32

    package init(
        _ sum: SumOfTwo, _ method: Method, tail: Method? = nil, runCount: Int = .max, bodyCount: Int = .max
    ) {
        self.method = method
        self.tail = tail ?? method
        self.runCount = runCount
        self.bodyCount = bodyCount
        subtracts = sum.subtracts
        zeroPointA = sum.a.zeroPoint
        zeroPointB = sum.b.zeroPoint
        zeroPoint = sum.output.zeroPoint
    }

    package static let leftShift: Int32 = 20

    /// - Parameters:
    ///   - a: as stored, and so is b.
    ///   - index: of the element in the result.
    /// - Returns: the output's zero point added, not yet clamped to int8.
    package func callAsFunction(_ a: Int32, _ b: Int32, at index: Int) -> Int64 {
        switch index % runCount < bodyCount ? method : tail {
        case .twoStep(let scaleA, let scaleB, let scaleSum, let side):
            let left = side.scale(a - zeroPointA, scaleA)
            let right = side.scale(b - zeroPointB, scaleB)
            // Each is at most 255 * 2^20 / 2, so the sum fits.
            return Int64(scaleSum.scale(subtracts ? left - right : left + right, ties: .away)) + Int64(zeroPoint)
        case .fixedPoint(let factorA, let factorB, let shift):
            // |factor| <= 2^21 and |operand| <= 255: within 2^30 + 2^29 together.
            let right = subtracts ? zeroPointB - b : b - zeroPointB
            return Int64((((1 << shift) >> 1) + factorA * (a - zeroPointA) + factorB * right) >> shift)
                + Int64(zeroPoint)
        case .float(let factorA, let factorB, let offset, let origin):
            let inner = fmaf(Float(b + origin), factorB, offset)
            let sum = fmaf(Float(a + origin), factorA, inner)
            return Int64(min(max(sum, -1_024), 1_024).rounded(.toNearestOrEven)) - Int64(origin)
        case .realNumbers(let factorA, let factorB):
            let right = Float(subtracts ? zeroPointB - b : b - zeroPointB) * factorB
            let sum = Float(a - zeroPointA) * factorA + right
            return Int64(min(max(sum, -1_024), 1_024).rounded(.toNearestOrEven)) + Int64(zeroPoint)
        case .separate(let fractionA, let fractionB):
            let left = fractionA.scale(a - zeroPointA)
            let right = fractionB.scale(b - zeroPointB)
            return Int64(subtracts ? left - right : left + right) + Int64(zeroPoint)
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
