#ifndef MW_CJSON_NUMBER_H
#define MW_CJSON_NUMBER_H

#include "decimal.h"
#include "include/CJSON.h"

static const uint64_t mw_whole_powers_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/// From 10 to the eighth on.
static const uint64_t mw_long_powers_of_ten[] = {100000000,     1000000000,     10000000000,     100000000000,     1000000000000,
                                                 10000000000000, 100000000000000, 1000000000000000, 10000000000000000};

/// A word whose byte at `place`, a point, is taken out: what is behind it moves up.
static inline uint64_t mw_without_point(uint64_t word, uint32_t place) {
    const uint64_t front = (1ull << 8 * place) - 1;
    return (word & front) | (word >> 8 & ~front);
}

static inline double mw_signed(double magnitude, bool is_negative) {
    // Without a branch: which sign comes next, nobody can foretell.
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= (uint64_t)is_negative << 63;
    memcpy(&magnitude, &bits, sizeof magnitude);
    return magnitude;
}

/// Reads a number without an exponent, of 8 digits before the point or 4 where more than 8 are behind it, and 19 in all at most.
///
/// at: MW_AHEAD bytes must be readable, and MW_BEHIND before.
/// Returns where it ends; NULL where the long way must tell what stands here.
__attribute__((always_inline)) static inline const uint8_t *mw_json_short_number(const uint8_t *at, mw_json_place *place) {
    const bool is_negative = *at == '-';
    const uint64_t others = mw_others_than_digits(at) >> (is_negative << MW_MASK_SHIFT);
    at += is_negative;
    // One bit beyond what is looked at, so that there is one.
    const uint64_t beyond = 1ull << (15 << MW_MASK_SHIFT);
    const uint32_t whole = (uint32_t)__builtin_ctzll(others | beyond) >> MW_MASK_SHIFT;
    const bool is_below_one = *at == '0';
    if (MW_UNLIKELY(whole - 1 >= 8) || MW_UNLIKELY(is_below_one && whole > 1)) return NULL;
    if (at[whole] != '.') {
        if (MW_UNLIKELY((at[whole] | 0x20) == 'e')) return NULL;
        if (place != NULL) {
            const uint64_t mantissa = mw_digits_value(mw_word(at), whole);
            place->number = mw_signed((double)(int64_t)mantissa, is_negative);
            place->exact = is_negative ? -(int64_t)mantissa : (int64_t)mantissa;
            place->kind = MW_JSON_WHOLE;
        }
        return at + whole;
    }
    uint32_t fraction = (uint32_t)__builtin_ctzll(others >> ((whole + 1) << MW_MASK_SHIFT) | beyond) >> MW_MASK_SHIFT;
    at += whole + 1;
    if (MW_LIKELY(fraction - 1 < 8 && whole + fraction <= 13)) {
        if (MW_UNLIKELY((at[fraction] | 0x20) == 'e')) return NULL;
        if (place != NULL) {
            const uint32_t digits = whole + fraction;
            uint64_t mantissa;
            if (MW_LIKELY(digits < 8)) {
                // One word has it all.
                mantissa = mw_digits_value(mw_without_point(mw_word(at - whole - 1), whole), digits);
            } else {
                mantissa = mw_digits_value(mw_word(at - whole - 1), whole) * mw_whole_powers_of_ten[fraction]
                    + mw_digits_value(mw_word(at), fraction);
            }
            place->number = mw_signed((double)(int64_t)mantissa / mw_powers_of_ten[fraction], is_negative);
            place->kind = MW_JSON_NUMBER;
        }
        return at + fraction;
    }
    // As many digits as tell a double from the next one: the last 16 at once, and those before them in a word.
    if (MW_UNLIKELY(whole > 4 || fraction < 8)) return NULL;
    // Of a short whole part, at least 8 digits of the fraction were among the 16 bytes.
    fraction = 8 + ((uint32_t)__builtin_ctzll(mw_others_than_digits(at + 8) | beyond) >> MW_MASK_SHIFT);
    if (MW_UNLIKELY(whole + fraction > 19u + is_below_one)) return NULL;
    if (MW_UNLIKELY((at[fraction] | 0x20) == 'e')) return NULL;
    if (place != NULL) {
        const uint32_t before = fraction > 16 ? fraction - 16 : 0;
        const uint64_t first = mw_digits_value(mw_without_point(mw_word(at - whole - 1), whole), whole + before);
        const uint64_t last = mw_last_digits_value(at + fraction, fraction - before);
        const uint64_t mantissa = first * mw_long_powers_of_ten[fraction - before - 8] + last;
        if (MW_UNLIKELY(mantissa == 0)) return NULL;
        place->number = mw_signed(mw_decimal_nearest(mantissa, -(int)fraction), is_negative);
        place->kind = MW_JSON_NUMBER;
    }
    return at + fraction;
}

/// Reads any number as JSON writes it.
///
/// place: gets the value; NULL where it is only checked.
/// Returns where the number ends; NULL with `bad` where it is none, or with `bad` NULL where it is too long.
const uint8_t *mw_json_number(const uint8_t *at, const uint8_t *end, mw_json_place *place, const uint8_t **bad);

#endif
