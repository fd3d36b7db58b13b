#ifndef MW_REQUANTIZE_H
#define MW_REQUANTIZE_H

#include <math.h>

#include "../include/CKernels.h"

// One sum to int8: what the vector forms beside this file compute, in the order of the formula.

/// The two roundings of TensorFlow Lite; the second one's ties go up, or away from zero.
static inline int64_t mw_scale_two_step(int32_t sum, int32_t multiplier, int32_t shift, bool away) {
    const int left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0;
    int64_t shifted = sum * ((int64_t)1 << left);
    shifted = shifted < INT32_MIN ? INT32_MIN : shifted > INT32_MAX ? INT32_MAX : shifted;
    // At most 2^62; no multiplier is negative, so the one product that would saturate does not occur.
    const int64_t high = (shifted * multiplier + ((int64_t)1 << 30)) >> 31;
    const int64_t mask = ((int64_t)1 << right) - 1;
    return (high >> right) + ((high & mask) > (mask >> 1) + (away && high < 0));
}

/// One rounding; a tie below zero goes down where ties go away from zero.
static inline int64_t mw_scale_integer(int32_t sum, int32_t multiplier, int32_t shift, bool away) {
    const int right = -shift;
    const int64_t product = (int64_t)sum * multiplier, half = ((int64_t)1 << right) >> 1;
    return (product + half - (away && right > 0 && product < 0)) >> right;
}

/// Numbers of mw_requantization_fixed: one; the largest result in steps; and parts that float32 is always less wrong
/// by. Of a result within 255 steps, 2^24 parts, the factor's rounding takes one part, and that of the sum's product
/// with the offset half a part; below 2^23 parts these are halved, and the conversion takes half a part more. Sums
/// beyond 2^24 are rounded themselves, by one part.
#define MW_FIXED_ONE 65536
#define MW_FIXED_MOST 32000
#define MW_FIXED_WRONG 2
#define MW_FIXED_WRONG_LARGE 3

/// Beyond this a scaled sum is clamped whatever the zero point is, and a float this size is an exact integer.
#define MW_REQUANTIZE_BOUND 32767.0f

static inline int64_t mw_round_float(float scaled) {
    if (scaled > MW_REQUANTIZE_BOUND) return (int64_t)MW_REQUANTIZE_BOUND;
    if (scaled < -MW_REQUANTIZE_BOUND) return -(int64_t)MW_REQUANTIZE_BOUND;
    return lrintf(scaled);
}

/// Whether the last rounding of a kind sends ties away from zero; MW_REQUANTIZE_TWO_STEP in depthwise convolutions alone
/// has channels of both kinds.
static inline bool mw_is_away(mw_requantize_kind kind) {
    return kind == MW_REQUANTIZE_TWO_STEP || kind == MW_REQUANTIZE_INTEGER_AWAY;
}

static inline bool mw_is_integer(mw_requantize_kind kind) {
    return kind == MW_REQUANTIZE_INTEGER || kind == MW_REQUANTIZE_INTEGER_AWAY;
}

/// - ties_away: of the last rounding.
/// - residual: what a scaled sum in float32 meets before it is rounded.
static inline int8_t mw_requantize(
    const mw_requantization *how, size_t channel, int32_t sum, bool ties_away, float residual) {
    int64_t value;
    if (how->kind == MW_REQUANTIZE_FLOAT) {
        value = mw_round_float((float)sum * how->scales[channel] + residual);
    } else if (mw_is_integer(how->kind)) {
        value = mw_scale_integer(sum, how->multipliers[channel], how->shifts[channel], ties_away);
    } else {
        value = mw_scale_two_step(sum, how->multipliers[channel], how->shifts[channel], ties_away);
    }
    value += how->zero_point;
    return (int8_t)(value < how->low ? how->low : value > how->high ? how->high : value);
}

#endif
