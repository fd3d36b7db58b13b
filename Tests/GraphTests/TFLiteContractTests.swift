import Graph
import Testing

@Suite("contract tflite: fixed-point arithmetic to the bit")
struct TFLiteContractTests {
    struct Factor: Sendable, CustomTestStringConvertible {
        var factor: Double
        var value: Int32
        var shift: Int32
        var source: String
        var testDescription: String { "\(factor) (\(source))" }

        init(_ factor: Double, _ value: Int32, _ shift: Int32, _ source: String) {
            (self.factor, self.value, self.shift, self.source) = (factor, value, shift, source)
        }
    }

    /// "tflite": numbers that `tensorflow/lite/kernels/internal/quantization_util_test.cc` expects.
    /// "by hand": fraction in [0.5, 1) times 2^31, rounded half away from zero.
    static let factors = [
        Factor(0, 0, 0, "tflite"), Factor(0.25, 1_073_741_824, -1, "tflite"),
        Factor(0.5 - 5e-9, 2_147_483_627, -1, "tflite"), Factor(0.5 - 1e-10, 1_073_741_824, 0, "tflite"),
        Factor(0.5, 1_073_741_824, 0, "tflite"), Factor(0.75, 1_610_612_736, 0, "tflite"),
        Factor(1 - 1e-9, 2_147_483_646, 0, "tflite"), Factor(1 + 1e-11, 1_073_741_824, 1, "tflite"),
        Factor(1.25, 1_342_177_280, 1, "tflite"), Factor(1.75, 1_879_048_192, 1, "tflite"),
        Factor(2 - 1e-9, 2_147_483_647, 1, "tflite"), Factor(2 - 1e-11, 1_073_741_824, 2, "tflite"),
        Factor(0x1p-31, 1_073_741_824, -30, "tflite"), Factor(0x1p-32, 1_073_741_824, -31, "tflite"),
        Factor(Double(0.99 as Float) * 0x1p-32, 0, 0, "tflite"), Factor(0x1p-33, 0, 0, "tflite"),
        Factor(4, 1_073_741_824, 3, "tflite"), Factor(50, 1_677_721_600, 6, "by hand: 0.78125 * 2^31"),
        Factor(0x1p29, 1_073_741_824, 30, "by hand: the largest shift"),
        Factor(.leastNonzeroMagnitude, 0, 0, "by hand: below 2^-32"),
    ]

    @Test("a real factor becomes a fraction and a shift", arguments: factors)
    func multiplier(vector: Factor) {
        #expect(FixedPointMultiplier(vector.factor) == FixedPointMultiplier(value: vector.value, shift: vector.shift))
    }

    @Test(
        "factors that no multiplier can stand for are refused",
        arguments: [-0.5, -.leastNonzeroMagnitude, .nan, .infinity, 0x1p30, 0x1p29 * (2 - 0x1p-40)])
    func refused(factor: Double) {
        #expect(FixedPointMultiplier(factor) == nil)
    }

    @Test("high multiply rounds ties towards plus infinity and saturates the one product that does not fit")
    func highMultiply() {
        let half: Int32 = 1 << 30
        // a * b / 2^31, worked out by hand; b = 2^30 halves a.
        for (a, b, expected) in [
            (1, half, 1), (-1, half, 0), (3, half, 2), (-3, half, -1), (5, half, 3), (-5, half, -2), (2, half, 1),
            (-2, half, -1), (0, .max, 0), (.min, .min, .max), (.min, half, -half), (.max, .max, 2_147_483_646),
            (.min, .max, -2_147_483_647), (.max, half, half), (half, 1, 1), (half - 1, 1, 0), (-half - 1, 1, -1),
            (-half, 1, 0),
        ] as [(Int32, Int32, Int32)] {
            #expect(FixedPointMultiplier.saturatingRoundingDoublingHighMultiply(a, b) == expected, "\(a) * \(b)")
            #expect(FixedPointMultiplier.saturatingRoundingDoublingHighMultiply(b, a) == expected, "\(b) * \(a)")
        }
    }

    @Test("divide by a power of two rounds ties away from zero")
    func divide() {
        for (x, exponent, expected) in [
            (5, 1, 3), (-5, 1, -3), (1, 1, 1), (-1, 1, -1), (2, 2, 1), (-2, 2, -1), (1, 2, 0), (-1, 2, 0), (3, 2, 1),
            (-3, 2, -1), (6, 2, 2), (-6, 2, -2), (7, 0, 7), (-7, 0, -7), (.max, 31, 1), (.min, 31, -1), (.max, 0, .max),
            (.min, 0, .min), (1 << 30, 31, 1), (-(1 << 30), 31, -1), ((1 << 30) - 1, 31, 0), (-(1 << 30) + 1, 31, 0),
        ] as [(Int32, Int32, Int32)] {
            #expect(FixedPointMultiplier.roundingDivide(x, byPowerOfTwo: exponent) == expected, "\(x) / 2^\(exponent)")
        }
    }

    struct Scaled: Sendable {
        var sum: Int32
        var factor: Double
        var expected: Int32
        init(_ sum: Int32, _ factor: Double, _ expected: Int32) {
            (self.sum, self.factor, self.expected) = (sum, factor, expected)
        }
    }

    static let scaled = [
        // quantization_util_test.cc, MultiplyByQuantizedMultiplierInt32.
        Scaled(0, 0.1, 0), Scaled(1, 0, 0), Scaled(10_000, 0.000_976_56, 10), Scaled(-10_000, 0.000_976_56, -10),
        Scaled(.min, 0.000_01, -21_475), Scaled(.max, 0.000_01, 21_475),
        // By hand. Rounding twice: 1 * 0.25 is first 0.5, which becomes 1, then again 0.5, which becomes 1.
        Scaled(1, 0.25, 1), Scaled(-1, 0.25, 0), Scaled(2, 0.25, 1), Scaled(-2, 0.25, -1), Scaled(-3, 0.25, -1),
        Scaled(1, 0.5, 1), Scaled(-1, 0.5, 0), Scaled(3, 0.5, 2), Scaled(-3, 0.5, -1),
        // Shifts to the left first: 5 * 2^3 * 0.5.
        Scaled(5, 4, 20), Scaled(-5, 4, -20), Scaled(1, 1, 1), Scaled(-1, 1, -1), Scaled(7, 1.5, 11),
        Scaled(-7, 1.5, -10),
        // Beyond 32 bits the shift saturates: (2^31 - 1) / 2 rounds up, -2^31 / 2 is exact.
        Scaled(1 << 30, 4, 1 << 30), Scaled(.min, 4, -(1 << 30)),
    ]

    @Test("a sum is scaled in two rounded steps", arguments: scaled)
    func scale(vector: Scaled) throws {
        #expect(try #require(FixedPointMultiplier(vector.factor)).scale(vector.sum, ties: .away) == vector.expected)
    }

    @Test("requantizing adds the zero point and clamps, also at the ends of 32 bits")
    func requantize() throws {
        let one = Requantization.twoStep(FixedPointMultiplier(value: 1 << 30, shift: 1), ties: .away)
        #expect(one(5, zeroPoint: -3, range: -128...127) == 2)
        #expect(one(500, zeroPoint: 0, range: -128...127) == 127)
        #expect(one(-500, zeroPoint: 0, range: -128...127) == -128)
        #expect(one(-500, zeroPoint: -20, range: -20...127) == -20)
        let many = Requantization.twoStep(FixedPointMultiplier(value: .max, shift: 30), ties: .up)
        #expect(many(.max, zeroPoint: 127, range: -128...127) == 127)
        #expect(many(.min, zeroPoint: -128, range: -128...127) == -128)
    }

    @Test("per channel, the three scales meet as doubles")
    func scales() throws {
        // 0.1f * 0.3f / 0.7f differs in the last bits when multiplied as floats.
        let sum = SumOfProducts(.convolution, input: 0.1, weight: 0.3, output: 0.7)
        let exact = try #require(
            FixedPointMultiplier(Double(0.1 as Float) * Double(0.3 as Float) / Double(0.7 as Float)))
        let met = try #require(FixedPointMultiplier(Double(0.1 as Float * 0.3) / Double(0.7 as Float)))
        #expect(exact != met)
        #expect(TFLite.requantization(sum) == .twoStep(exact, ties: .up))
        var unsigned = sum
        unsigned.isUnsigned = true
        #expect(TFLite.requantization(unsigned) == .twoStep(met, ties: .up))
    }

    @Test("ties of the second step: where ruy and vectors compute they go up, in plain code away from zero")
    func ties() throws {
        // h = -6 before the second step, which is by 2^2: -1.5.
        let quarter = FixedPointMultiplier(value: 1 << 30, shift: -2)
        #expect(quarter.scale(-12, ties: .up) == -1)
        #expect(quarter.scale(-12, ties: .away) == -2)
        #expect(quarter.scale(12, ties: .up) == 2)
        #expect(quarter.scale(12, ties: .away) == 2)
        func ties(_ kind: SumOfProducts.Kind, isUnsigned: Bool = false) throws -> Requantization.Ties {
            let sum = SumOfProducts(kind, input: 1, weight: 0.25, output: 1, isUnsigned: isUnsigned)
            guard case .twoStep(_, let ties) = try #require(TFLite.requantization(sum)) else { return .away }
            return ties
        }
        for channel in 0..<19 {
            let expected: Requantization.Ties = channel < 16 ? .up : .away
            #expect(try ties(.depthwise(channel: channel, channels: 19)) == expected)
            #expect(try ties(.transposedConvolution(channel: channel, channels: 19)) == expected)
            #expect(try ties(.depthwise(channel: channel, channels: 19), isUnsigned: true) == .away)
            #expect(try ties(.transposedConvolution(channel: channel, channels: 19), isUnsigned: true) == .up)
        }
        #expect(try ties(.convolution) == .up && ties(.fullyConnected) == .up)
        #expect(try ties(.matrixProduct(isRightConstant: true)) == .away)
    }

    @Test("a sum's elements go through vectors in runs, and what is left through plain code")
    func runs() throws {
        // Shapes, runs, elements of each run in vectors, and how vectors take a side; nil: plain code throughout.
        let unit = Quantization(scale: 1, zeroPoint: 0)
        for (a, b, run, body, side) in [
            ([37], [37], 37, 32, .shiftedLess), ([2, 9, 24], [1, 1, 24], 24, 16, .shiftedLess),
            ([1, 1, 24], [2, 9, 24], 24, 16, .shiftedLess), ([2, 9, 24], [1], 432, 432, .floored),
            ([2, 9, 21], [2, 9, 1], 21, 16, .floored), ([4, 3, 1, 5], [4, 1, 6, 5], 5, 0, .shiftedLess),
        ] as [([Int], [Int], Int, Int, AdditionArithmetic.Side)] {
            let sum = SumOfTwo(unit, a, unit, b, output: unit)
            let made = try #require(TFLite.addition(sum))
            #expect(made.runCount == run && made.bodyCount == body, "\(a) + \(b): \(made)")
            guard case .twoStep(_, _, _, let taken) = made.method, case .twoStep(_, _, _, .rounded) = made.tail else {
                Issue.record("\(made)")
                continue
            }
            #expect(taken == side, "\(a) + \(b)")
        }
        let general = try #require(
            TFLite.addition(SumOfTwo(unit, [2, 1, 2, 1, 2, 1], unit, [1, 2, 1, 2, 1, 2], output: unit)))
        #expect(general.method == general.tail)
        let difference = try #require(TFLite.addition(SumOfTwo(unit, [37], unit, [37], output: unit, subtracts: true)))
        #expect(difference.method == difference.tail)
    }

    @Test("bounds of a fused activation, half away from zero here and half to even there")
    func bounds() {
        let output = Quantization(scale: 4, zeroPoint: 5)
        #expect(TFLite.bound(6, output, isUnsigned: false) == 7)
        #expect(TFLite.bound(10, output, isUnsigned: false) == 8)
        #expect(FP32.bound(10, output, isUnsigned: false) == 8)
        #expect(FP32.bound(14, output, isUnsigned: false) == 8)
        #expect(ONNX.bound(10, output, isUnsigned: false) == 7)
        for contract in Contracts.all {
            #expect(contract.bound(0, output, isUnsigned: true) == 5)
            #expect(contract.bound(.infinity, output, isUnsigned: false) > 127)
        }
    }
}
