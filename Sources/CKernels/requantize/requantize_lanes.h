#ifndef MW_REQUANTIZE_LANES_H
#define MW_REQUANTIZE_LANES_H

#include "nearest.h"
#include "requantize.h"

// mw_requantize of neighbouring channels. Each way has a loop of its own without calls or jumps, of which compilers make
// vectors where the CPU has them; the including file defines TARGET.

BODY int8_t clamped_sum(const mw_requantization *how, int64_t value) {
    value += how->zero_point;
    return (int8_t)(value < how->low ? how->low : value > how->high ? how->high : value);
}

/// Channels channel..<channel + count, whose sums these are.
/// - first_away: the first channel whose last rounding sends ties away from zero; beyond all where none does.
BODY void requantize_lanes(
    const mw_requantization *how, size_t channel, size_t count, const int32_t *restrict sums, size_t first_away,
    int8_t *restrict output) {
    if (how->kind == MW_REQUANTIZE_FLOAT) {
        const float *const scales = how->scales + channel;
        const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
        for (size_t i = 0; i < count; i++) {
            const int32_t value = nearest((float)sums[i] * scales[i]) + zero_point;
            output[i] = (int8_t)(value < low ? low : value > high ? high : value);
        }
        return;
    }
    const int32_t *const multipliers = how->multipliers + channel, *const shifts = how->shifts + channel;
    const mw_requantization kept = *how;
    if (mw_is_integer(how->kind)) {
        for (size_t i = 0; i < count; i++) {
            const bool away = channel + i >= first_away;
            output[i] = clamped_sum(&kept, mw_scale_integer(sums[i], multipliers[i], shifts[i], away));
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            const bool away = channel + i >= first_away;
            output[i] = clamped_sum(&kept, mw_scale_two_step(sums[i], multipliers[i], shifts[i], away));
        }
    }
}

#endif
