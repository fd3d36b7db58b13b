#include "number.h"

#include <math.h>
#include <stdlib.h>

/// Reads a number whose digits are too many for 64 bits, or whose power of ten is; it was checked already.
static void long_number(const uint8_t *from, const uint8_t *to, mw_json_place *place) {
    uint64_t mantissa = 0;
    int digits = 0;
    int64_t exponent = 0;
    bool is_fraction = false, is_whole = true;
    const uint8_t *at = from + (*from == '-');
    for (; at < to && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            is_fraction = true;
            is_whole = false;
            continue;
        }
        // Zeros in front are no digits of the number.
        if (digits > 0 || *at != '0') digits++;
        if (digits <= 19) mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        exponent += (digits > 19) - is_fraction;
    }
    if (at < to) {
        is_whole = false;
        at++;
        const bool is_small = *at == '-';
        if (*at == '-' || *at == '+') at++;
        int64_t power = 0;
        for (; at < to; at++) power = power < 1000000 ? power * 10 + (*at - '0') : power;
        exponent += is_small ? -power : power;
    }
    double value;
    if (digits > 19 || !mw_decimal(mantissa, exponent, &value)) {
        char copy[MW_JSON_MAX_NUMBER_BYTES + 1];
        const size_t count = (size_t)(to - from);
        memcpy(copy, from, count);
        copy[count] = 0;
        value = fabs(strtod(copy, NULL));
    }
    const bool is_negative = *from == '-';
    place->number = is_negative ? -value : value;
    place->kind = isfinite(value) ? MW_JSON_NUMBER : MW_JSON_NOT_FINITE;
    if (is_whole && digits <= 19 && mantissa <= INT64_MAX) {
        place->exact = is_negative ? -(int64_t)mantissa : (int64_t)mantissa;
        place->kind = MW_JSON_WHOLE;
    }
}

/// Goes over the digits that stand here.
///
/// mantissa: takes them as its next ones, and is of use while all of them are 19 at most.
/// Returns where they end.
static inline const uint8_t *digits_at(const uint8_t *at, const uint8_t *end, uint64_t *mantissa) {
    uint32_t count;
    do {
        const uint64_t word = mw_word_before(at, end);
        count = mw_digit_count(word);
        if (MW_UNLIKELY(count == 0)) break;
        *mantissa = *mantissa * mw_whole_powers_of_ten[count] + mw_digits_value(word, count);
        at += count;
    } while (MW_UNLIKELY(count == 8));
    return at;
}

const uint8_t *mw_json_number(const uint8_t *at, const uint8_t *end, mw_json_place *place, const uint8_t **bad) {
    const uint8_t *const start = at;
    const bool is_negative = *at == '-';
    at += is_negative;
    const uint8_t *const first = at;
    uint64_t mantissa = 0;
    int64_t exponent = 0;
    at = digits_at(at, end, &mantissa);
    if (MW_UNLIKELY(at == first)) return *bad = at, NULL;
    // A number begins with 0 only when that is its whole part.
    if (MW_UNLIKELY(*first == '0' && at > first + 1)) return *bad = first + 1, NULL;
    ptrdiff_t digits = at - first - (*first == '0');
    bool is_whole = true;
    if (at < end && *at == '.') {
        const uint8_t *const fraction = at + 1;
        at = digits_at(fraction, end, &mantissa);
        if (MW_UNLIKELY(at == fraction)) return *bad = at, NULL;
        exponent = fraction - at;
        digits -= exponent;
        is_whole = false;
    }
    if (MW_UNLIKELY(at < end && (*at | 0x20) == 'e')) {
        at++;
        const bool is_small = at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+')) at++;
        const uint8_t *const power = at;
        int64_t value = 0;
        // Beyond this it is zero or too large in any case.
        for (; at < end && (uint8_t)(*at - '0') < 10; at++) value = value < 1000000 ? value * 10 + (*at - '0') : value;
        if (at == power) return *bad = at, NULL;
        exponent += is_small ? -value : value;
        is_whole = false;
    }
    if (MW_UNLIKELY(at - start > MW_JSON_MAX_NUMBER_BYTES)) return *bad = NULL, NULL;
    if (place == NULL) return at;
    double value;
    if (MW_UNLIKELY(digits > 19 || !(mw_decimal_exact(mantissa, exponent, &value) || mw_decimal(mantissa, exponent, &value)))) {
        long_number(start, at, place);
        return at;
    }
    place->number = mw_signed(value, is_negative);
    place->kind = MW_JSON_NUMBER;
    if (is_whole && mantissa <= INT64_MAX) {
        place->exact = is_negative ? -(int64_t)mantissa : (int64_t)mantissa;
        place->kind = MW_JSON_WHOLE;
    }
    return at;
}
