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

/// Beyond this a scaled sum is clamped whatever the zero point is, and a float this size is an exact integer.
#define MW_REQUANTIZE_BOUND 32767.0f

static inline int64_t mw_scale_float(int32_t sum, float scale) {
    const float scaled = (float)sum * scale;
    if (scaled > MW_REQUANTIZE_BOUND) return (int64_t)MW_REQUANTIZE_BOUND;
    if (scaled < -MW_REQUANTIZE_BOUND) return -(int64_t)MW_REQUANTIZE_BOUND;
    return lrintf(scaled);
}

/// - ties_away: of the second of two steps.
static inline int8_t mw_requantize(const mw_requantization *how, size_t channel, int32_t sum, bool ties_away) {
    int64_t value =
        how->kind == MW_REQUANTIZE_FLOAT
            ? mw_scale_float(sum, how->scales[channel])
            : mw_scale_two_step(sum, how->multipliers[channel], how->shifts[channel], ties_away);
    value += how->zero_point;
    return (int8_t)(value < how->low ? how->low : value > how->high ? how->high : value);
}

#endif
