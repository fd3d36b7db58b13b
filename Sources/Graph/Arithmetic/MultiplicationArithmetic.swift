/// A product of two tensors, as far as contracts tell them apart.
package struct ProductOfTwo: Hashable, Sendable {
    package var a: Quantization
    package var b: Quantization
    package var output: Quantization
    /// Carried over from uint8.
    package var isUnsigned: Bool

    package init(_ a: Quantization, _ b: Quantization, output: Quantization, isUnsigned: Bool = false) {
        self.a = a
        self.b = b
        self.output = output
        self.isUnsigned = isUnsigned
    }
}

/// The ways to scale a product of two elements less their zero points.
package enum MultiplicationArithmetic: Hashable, Sendable {
    /// As ``Requantization/twoStep(_:ties:)``, half away from zero.
    case twoStep(FixedPointMultiplier)
    /// As ``Requantization/float(_:)``.
    case float(Float)
    /// `round half to even((float)product * scale + (float)(zeroPoint + origin)) - origin`: the zero point is part of what
    /// is rounded. The origin is 128 where the numbers were uint8, else 0.
    case zeroPointFirst(scale: Float, origin: Int32)

    /// - Returns: the int8 result as a 32-bit number, zero point added and clamped to `range`.
    package func callAsFunction(_ product: Int32, zeroPoint: Int32, range: ClosedRange<Int32>) -> Int32 {
        switch self {
        case .twoStep(let multiplier):
            return Requantization.twoStep(multiplier, ties: .away)(product, zeroPoint: zeroPoint, range: range)
        case .float(let scale):
            return Requantization.float(scale)(product, zeroPoint: zeroPoint, range: range)
        case .zeroPointFirst(let scale, let origin):
            let scaled = Float(product) * scale
            let moved = min(max(scaled + Float(zeroPoint + origin), -1_024), 1_024).rounded(.toNearestOrEven)
            return min(max(Int32(moved) - origin, range.lowerBound), range.upperBound)
        }
    }
}
