#ifndef MW_CJSON_NUMBER_H
#define MW_CJSON_NUMBER_H

#include "bytes.h"
#include "include/CJSON.h"

static const uint64_t mw_whole_powers_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static inline double mw_signed(double magnitude, bool is_negative) {
    // Without a branch: which sign comes next, nobody can foretell.
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= (uint64_t)is_negative << 63;
    memcpy(&magnitude, &bits, sizeof magnitude);
    return magnitude;
}

/// Reads a number of some 8 digits before the point, 23 behind it and 19 in all at most, without an exponent.
///
/// at: MW_AHEAD bytes must be readable.
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
                // One word has it all; the point is taken out of it.
                const uint64_t word = mw_word(at - whole - 1), front = (1ull << 8 * whole) - 1;
                mantissa = mw_digits_value((word & front) | (word >> 8 & ~front), digits);
            } else {
                mantissa = mw_digits_value(mw_word(at - whole - 1), whole) * mw_whole_powers_of_ten[fraction]
                    + mw_digits_value(mw_word(at), fraction);
            }
            place->number = mw_signed((double)(int64_t)mantissa / mw_powers_of_ten[fraction], is_negative);
            place->kind = MW_JSON_NUMBER;
        }
        return at + fraction;
    }
    // As many digits as tell a double from the next one: three words of them, of the last two maybe none.
    const uint64_t first = mw_word(at), second = mw_word(at + 8), third = mw_word(at + 16);
    const uint32_t middle = mw_digit_count(second);
    const uint32_t last = middle == 8 ? mw_digit_count(third) : 0;
    // Of a short whole part, at least 8 digits of the fraction were among the 16 bytes.
    if (MW_UNLIKELY(whole > 6 || fraction < 8)) return NULL;
    fraction = 8 + middle + last;
    if (MW_UNLIKELY(last == 8 || whole + fraction > 19 + is_below_one)) return NULL;
    if (MW_UNLIKELY((at[fraction] | 0x20) == 'e')) return NULL;
    if (place != NULL) {
        uint64_t mantissa = mw_digits_value(mw_word(at - whole - 1), whole);
        mantissa = mantissa * mw_whole_powers_of_ten[8] + mw_digits_value(first, 8);
        mantissa = mantissa * mw_whole_powers_of_ten[middle] + mw_digits_value(second, middle);
        mantissa = mantissa * mw_whole_powers_of_ten[last] + mw_digits_value(third, last);
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
