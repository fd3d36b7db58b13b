import CJSON
import Glibc
import Seeded
import Testing

/// Decimal numbers to doubles, against the C library, which rounds correctly.
@Suite struct DecimalTests {
    /// A whole number of any size, its lowest 32 bits first: all that is needed to compute powers of five again.
    private struct Whole {
        var words: [UInt32]

        mutating func multiply(by factor: UInt32) {
            var carry: UInt64 = 0
            for index in words.indices {
                carry += UInt64(words[index]) * UInt64(factor)
                words[index] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            if carry > 0 { words.append(UInt32(carry)) }
        }

        var bitCount: Int { words.count * 32 - (words.last?.leadingZeroBitCount ?? 0) }
        func bit(_ index: Int) -> Bool { index < words.count * 32 && words[index / 32] >> UInt32(index % 32) & 1 == 1 }
    }

    private static func powerOfFive(_ exponent: Int) -> Whole {
        var power = Whole(words: [1])
        for _ in 0..<exponent { power.multiply(by: 5) }
        return power
    }

    /// The first 128 bits of a power of five.
    private static func first128(_ power: Whole) -> UInt128 {
        (0..<128).reduce(0 as UInt128) { value, index in
            let place = power.bitCount - 1 - index
            return value << 1 | (place >= 0 && power.bit(place) ? 1 : 0)
        }
    }

    /// The first 128 bits of what a power of five divides, rounded up: long division, a bit at a time.
    private static func reciprocal(_ power: Whole) -> UInt128 {
        let divisor = (0..<power.bitCount).reduce(0 as UInt128) { $0 | (power.bit($1) ? 1 << UInt128($1) : 0) }
        var rest: UInt128 = 1
        var quotient: UInt128 = 0
        var bits = 0
        while bits < 128 {
            rest <<= 1
            let isIn = rest >= divisor
            if isIn { rest -= divisor }
            if isIn || bits > 0 {
                quotient = quotient << 1 | (isIn ? 1 : 0)
                bits += 1
            }
        }
        return quotient + 1
    }

    @Test(arguments: -40...40) func thePowersAreThoseOfFive(_ exponent: Int) {
        var (high, low): (UInt64, UInt64) = (0, 0)
        mw_decimal_power(CInt(exponent), &high, &low)
        let power = Self.powerOfFive(abs(exponent))
        let expected = exponent < 0 ? Self.reciprocal(power) : Self.first128(power)
        #expect(UInt128(high) << 64 | UInt128(low) == expected)
    }

    @Test func everyMantissaIsRoundedAsTheCLibraryRounds() {
        var random = Seeded.SplitMix64(seed: 21)
        for _ in 0..<200_000 {
            // As many short ones as long ones, and some halfway between two doubles.
            var mantissa = UInt64.random(in: 1 ... .max, using: &random) >> UInt64.random(in: 0...63, using: &random)
            var exponent = Int64.random(in: -40...40, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                mantissa = (mantissa | 1 << 63) & ~0x7FF | 0x400
                exponent = 0
            }
            var value = 0.0
            #expect(mw_decimal(mantissa, exponent, &value))
            #expect(value == strtod("\(mantissa)e\(exponent)", nil), "\(mantissa)e\(exponent)")
        }
    }

    @Test func whatItCannotTellIsLeftToLongerArithmetic() {
        var value = 0.0
        #expect(!mw_decimal(1, 41, &value))
        #expect(!mw_decimal(1, -41, &value))
        #expect(mw_decimal(0, 400, &value) && value == 0)
    }
}
