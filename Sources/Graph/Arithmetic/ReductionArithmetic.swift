/// A mean or a sum along some dimensions, as far as contracts tell them apart.
package struct ReductionOfMany: Hashable, Sendable {
    package enum Kind: UInt32, Hashable, Sendable, CaseIterable { case mean = 0, sum = 1 }

    package var kind: Kind
    package var input: Quantization
    package var output: Quantization
    /// Elements that become one: 1...2^22.
    package var count: Int
    /// Channels of an image whose height and width become 1 and stay; nil for any other.
    package var imageChannels: Int?
    /// Carried over from uint8.
    package var isUnsigned: Bool

    package init(
        _ kind: Kind = .mean, _ input: Quantization, output: Quantization, count: Int, imageChannels: Int? = nil,
        isUnsigned: Bool = false
    ) {
        self.kind = kind
        self.input = input
        self.output = output
        self.count = count
        self.imageChannels = imageChannels
        self.isUnsigned = isUnsigned
    }

    /// What a stored number lacks to the one in the model's file.
    var origin: Int32 { isUnsigned ? 128 : 0 }
}

/// How the sum of the stored numbers becomes their mean or sum; a contract chooses and computes the constants.
package struct ReductionArithmetic: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// `scale(sum)`.
        case requantized(Requantization)
        /// `round((float)sum * scale + offset)`, half to even.
        case float(scale: Float, offset: Float)
        /// The same, half away from zero.
        case floatAway(scale: Float, offset: Float)
    }

    package var method: Method
    /// What is done from channel ``bodyChannels`` on, where plain code finishes what vector code began.
    package var tail: Method
    package var bodyChannels: Int
    /// Added to the sum beforehand: within 2^30.
    package var sumOffset: Int32
    /// Added to the result: within 2^30.
    package var zeroPoint: Int32

    package init(
        _ method: Method, tail: Method? = nil, bodyChannels: Int = .max, sumOffset: Int32 = 0, zeroPoint: Int32
    ) {
        self.method = method
        self.tail = tail ?? method
        self.bodyChannels = bodyChannels
        self.sumOffset = sumOffset
        self.zeroPoint = zeroPoint
    }

    /// - Parameters:
    ///   - sum: of the stored numbers: within 2^29.
    ///   - channel: the last dimension's index.
    /// - Returns: the int8 result as a 32-bit number, saturated.
    package func callAsFunction(_ sum: Int32, channel: Int) -> Int32 {
        let sum = sum + sumOffset
        switch channel < bodyChannels ? method : tail {
        case .requantized(let requantization): return requantization(sum, zeroPoint: zeroPoint, range: -128...127)
        case .float(let scale, let offset): return saturated(Float(sum) * scale, offset, .toNearestOrEven)
        case .floatAway(let scale, let offset): return saturated(Float(sum) * scale, offset, .toNearestOrAwayFromZero)
        }
    }

    private func saturated(_ scaled: Float, _ offset: Float, _ rule: FloatingPointRoundingRule) -> Int32 {
        let rounded = Int32(min(max(scaled + offset, -1_024), 1_024).rounded(rule))
        return min(max(rounded + zeroPoint, -128), 127)
    }
}
