/// `output[r, i] = input[r, i] / sqrt(sum over i of input[r, i]^2)` along the last dimension, in integers.
///
/// - Shapes: output as input.
/// - Quantization: the input's scale does not matter; the output's is 1/128 around 0. In every contract as TensorFlow Lite
///   has it: an integer inverse square root, then two rounded steps with ties away from zero.
/// - Source: TensorFlow Lite, `reference_integer_ops::L2Normalization`, `optimized_ops::L2Normalization`.
package struct L2Normalization: Operator {
    package static let code: UInt32 = 23
    package static let name = "l2_normalization"

    package let wiring: Wiring
    /// Elements of one row, and how many rows.
    package let length: Int
    package let rows: Int
    package let inputZeroPoint: Int32
    /// Carried over from uint8, which is rounded another way.
    package let isUnsigned: Bool

    package static let output = Quantization(scale: 1.0 / 128, zeroPoint: 0)
    /// So that a sum of squares of at most 255^2 stays below 2^31.
    package static let maximumLength = 32_768

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (from, to) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        let length = from.shape.last ?? 1
        self.length = length
        rows = from.elementCount / length
        inputZeroPoint = from.quantization.zeroPoint
        isUnsigned = try decoder.flag("origin in uint8")
        try decoder.expect(
            from.shape == to.shape && to.quantization == Self.output && length <= Self.maximumLength,
            "output of \(Self.name)", expected: "\(from.shape), rows of at most \(Self.maximumLength), \(Self.output)",
            found: "\(to.shape), \(to.quantization)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        var result: [Int8] = []
        for row in 0..<rows {
            let differences = x[row * length..<(row + 1) * length].map { Int32($0) - inputZeroPoint }
            var inverse = Self.inverseSquareRoot(differences.reduce(0) { $0 + $1 * $1 })
            if !isUnsigned { inverse.shift += 7 }
            for difference in differences {
                let scaled = inverse.scale(isUnsigned ? 128 * difference : difference, ties: .away)
                result.append(Int8(clamping: scaled))
            }
        }
        return [.int8(result)]
    }

    /// `1 / sqrt(x)` by five Newton steps on fixed-point numbers.
    /// - Parameter x: 0 or above; 0 counts as 1.
    /// - Source: TensorFlow Lite, `common.h`, `GetInvSqrtQuantizedMultiplierExp`.
    package static func inverseSquareRoot(_ x: Int32) -> FixedPointMultiplier {
        guard x > 1 else { return FixedPointMultiplier(value: .max, shift: 0) }
        var input = x
        var shift: Int32 = 11
        while input >= 1 << 29 {
            input /= 4
            shift += 1
        }
        let leftPairs = Int32((input.leadingZeroBitCount - 1) / 2 - 1)
        shift -= leftPairs
        input <<= 2 * leftPairs
        func product(_ a: Int32, _ b: Int32) -> Int32 {
            FixedPointMultiplier.saturatingRoundingDoublingHighMultiply(a, b)
        }
        // Three bits before the point; half of the input, as Newton's step has it.
        let half = FixedPointMultiplier.roundingDivide(input >> 1, byPowerOfTwo: 1)
        let threeHalves: Int32 = (1 << 28) + (1 << 27)
        var root: Int32 = 1 << 28
        for _ in 0..<5 {
            let cube = FixedPointMultiplier.saturatingShiftLeft(product(product(root, root), root), by: 6)
            root = FixedPointMultiplier.saturatingShiftLeft(
                product(threeHalves, root) &- product(half, cube), by: 3)
        }
        // sqrt(2) / 2 in 31 bits behind the point.
        var value = max(product(root, 1_518_500_250), 0)
        if shift < 0 {
            value = FixedPointMultiplier.saturatingShiftLeft(value, by: -shift)
            shift = 0
        }
        return FixedPointMultiplier(value: value, shift: -shift)
    }
}

extension PlanBuilder {
    /// Adds a division of each row by its length.
    /// - Parameter isUnsigned: carried over from uint8, which is rounded another way.
    package mutating func l2Normalization(_ input: TensorID, isUnsigned: Bool = false, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        let result = tensor(name: name, shape: try shape(of: input), quantization: L2Normalization.output)
        append(L2Normalization.self, [input], [result]) { $0.flag(isUnsigned) }
        return result
    }
}
