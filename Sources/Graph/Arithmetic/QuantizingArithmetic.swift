/// How real numbers become int8.
package struct QuantizingArithmetic: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// `round half to even(x * (1 / scale))`.
        case multiplyEven
        /// `round half to even(x / scale)`.
        case divideEven
        /// `round half away from zero(x / scale)`, in double precision.
        case divideAway
    }
    package var method: Method
    /// What is done from ``bodyCount(of:)`` on, where plain code finishes what vector code began.
    package var tail: Method
    /// Elements that vector code takes at once.
    package var block: Int

    package init(_ method: Method, tail: Method? = nil, block: Int = 1) {
        self.method = method
        self.tail = tail ?? method
        self.block = block
    }

    /// Elements of a tensor to which ``method`` applies.
    package func bodyCount(of count: Int) -> Int { count / block * block }

    /// - Returns: saturated; -128 for what is not a number.
    package func callAsFunction(_ x: Float, _ output: Quantization, isTail: Bool) -> Int8 {
        let steps: Float
        switch isTail ? tail : method {
        case .multiplyEven: steps = (x * (1 / output.scale)).rounded(.toNearestOrEven)
        case .divideEven: steps = (x / output.scale).rounded(.toNearestOrEven)
        case .divideAway:
            let exact = (Double(x) / Double(output.scale)).rounded(.toNearestOrAwayFromZero)
            steps = Float(min(max(exact, -1_024), 1_024))
        }
        // Within 2^10 before it is made an integer: beyond, it saturates anyway.
        guard !steps.isNaN else { return -128 }
        return Int8(clamping: Int32(min(max(steps, -1_024), 1_024)) + output.zeroPoint)
    }
}

/// How int8 become real numbers.
package struct DequantizingArithmetic: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// `scale * (q - zeroPoint)`.
        case subtractFirst
        /// `scale * (q + origin) + (-(zeroPoint + origin) * scale)`: three roundings. The origin is 128 where the numbers
        /// were uint8, else 0.
        case addLast(origin: Int32)
    }
    package var method: Method
    /// What is done from ``bodyCount(of:)`` on, where plain code finishes what vector code began.
    package var tail: Method
    /// Elements that vector code takes at once.
    package var block: Int

    package init(_ method: Method, tail: Method? = nil, block: Int = 1) {
        self.method = method
        self.tail = tail ?? method
        self.block = block
    }

    /// Elements of a tensor to which ``method`` applies.
    package func bodyCount(of count: Int) -> Int { count / block * block }

    package func callAsFunction(_ x: Int8, _ input: Quantization, isTail: Bool) -> Float {
        switch isTail ? tail : method {
        case .subtractFirst: return input.scale * Float(Int32(x) - input.zeroPoint)
        case .addLast(let origin):
            let product = input.scale * Float(Int32(x) + origin)
            return product + -Float(input.zeroPoint + origin) * input.scale
        }
    }
}
