#include <math.h>
#include <stdlib.h>

#include "requantize.h"

bool mw_requantization_fixed(
    const mw_requantization *how, size_t channels, size_t ties_up_channels, const int64_t *most, const int32_t *bias,
    float *scales, float *offsets, float *negative_offsets) {
    if (how->kind == MW_REQUANTIZE_FLOAT) return false;
    const bool is_integer = mw_is_integer(how->kind);
    for (size_t c = 0; c < channels; c++) {
        const int right = -how->shifts[c], digits = is_integer ? 0 : 31;
        const double factor = ldexp((double)how->multipliers[c], -digits - right);
        if (factor * (double)(most[c] + llabs((long long)bias[c])) > MW_FIXED_MOST) return false;
        // Half a step; and what the first of two roundings moves the second one's edge.
        const double moved = is_integer || right <= 0 ? 0 : ldexp(1, -right - 1);
        const bool is_away = how->kind == MW_REQUANTIZE_TWO_STEP && c >= ties_up_channels;
        scales[c] = (float)(factor * MW_FIXED_ONE);
        offsets[c] = (float)((0.5 + moved) * MW_FIXED_ONE) + MW_FIXED_NEAR;
        negative_offsets[c] = is_away ? (float)((0.5 - moved) * MW_FIXED_ONE) + MW_FIXED_NEAR : offsets[c];
    }
    // Lanes of no channel, which must not seem near to an edge.
    for (size_t c = channels; c % MW_BLOCK_CHANNELS != 0; c++) {
        scales[c] = 0;
        offsets[c] = negative_offsets[c] = 0.5f * MW_FIXED_ONE + MW_FIXED_NEAR;
    }
    return true;
}
