#ifndef MW_CJSON_DECIMAL_H
#define MW_CJSON_DECIMAL_H

#include "bytes.h"

/// Powers of ten that a double holds exactly.
static const double mw_powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Both factors are exact doubles, so one multiplication or division rounds once (Clinger 1990).
static inline bool mw_decimal_exact(uint64_t mantissa, int64_t exponent, double *value) {
    if (mantissa > 1ull << 53 || exponent < -22 || exponent > 22) return mantissa == 0 ? (*value = 0, true) : false;
    *value = exponent < 0 ? (double)mantissa / mw_powers_of_ten[-exponent] : (double)mantissa * mw_powers_of_ten[exponent];
    return true;
}

/// Powers of five from -MW_MOST_POWER to MW_MOST_POWER as mw_decimal_power gives them: high half, low half.
enum { MW_MOST_POWER = 40 };
extern const uint64_t mw_powers_of_five[2 * MW_MOST_POWER + 1][2];

typedef unsigned __int128 mw_wide;

/// The nearest double where 128 bits of the power tell it: of a mantissa that is not 0, and a power that is in the table.
///
/// Source: Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021), section 5; Mushtak
/// and Lemire (2022) show that 128 bits of the power decide for every mantissa of 64 bits.
__attribute__((always_inline)) static inline double mw_decimal_nearest(uint64_t mantissa, int exponent) {
    const int shift = __builtin_clzll(mantissa);
    const uint64_t factor = mantissa << shift;
    const uint64_t *power = mw_powers_of_five[exponent + MW_MOST_POWER];
    const mw_wide upper = (mw_wide)factor * power[0];
    uint64_t high = (uint64_t)(upper >> 64), low = (uint64_t)upper;
    // 9 bits are beyond the 53 of the result, the one that rounds, and the one that normalizes: all ones may carry.
    if ((high & 0x1FF) == 0x1FF) {
        const uint64_t carry = (uint64_t)(((mw_wide)factor * power[1]) >> 64);
        low += carry;
        high += low < carry;
    }
    const int top = (int)(high >> 63);
    uint64_t bits = high >> (top + 9);
    // 217706 / 65536 is a little less than the binary logarithm of 10, and right for all exponents here.
    const int binary = ((217706 * exponent) >> 16) + 63 + top - shift + 1023;
    // Halfway between two doubles, which only small powers can be: to the even one.
    if (MW_UNLIKELY(low <= 1) && exponent >= -4 && exponent <= 23 && (bits & 3) == 1 && bits << (top + 9) == high) bits--;
    bits = (bits + (bits & 1)) >> 1;
    // The first bit is not stored, and where rounding made one bit more, it adds one to the exponent as it should.
    const uint64_t pattern = ((uint64_t)(binary - 1) << 52) + bits;
    double value;
    memcpy(&value, &pattern, sizeof value);
    return value;
}

#endif
