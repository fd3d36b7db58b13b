#include <math.h>
#include <stdlib.h>

#include "requantize.h"

bool mw_requantization_fixed(
    const mw_requantization *how, size_t channels, size_t ties_up_channels, const int64_t *most, const int32_t *bias,
    float *scales, float *offsets, float *negative_offsets, int32_t *near) {
    if (how->kind == MW_REQUANTIZE_FLOAT) return false;
    const bool is_integer = mw_is_integer(how->kind);
    int32_t wrong = MW_FIXED_WRONG;
    for (size_t c = 0; c < channels; c++) {
        if (most[c] + llabs((long long)bias[c]) > 1 << 24) wrong = MW_FIXED_WRONG_LARGE;
    }
    // Results are whole parts: moved by one part less than they can be wrong by, those of both sides of an edge are
    // among so many.
    const float half = 0.5f * MW_FIXED_ONE + (float)(wrong - 1);
    *near = 2 * wrong - 1;
    for (size_t c = 0; c < channels; c++) {
        const int right = -how->shifts[c], digits = is_integer ? 0 : 31;
        const double factor = ldexp((double)how->multipliers[c], -digits - right);
        if (factor * (double)(most[c] + llabs((long long)bias[c])) > MW_FIXED_MOST) return false;
        // What the first of two roundings moves the second one's edge.
        const float moved = is_integer || right <= 0 ? 0 : ldexpf(MW_FIXED_ONE, -right - 1);
        const bool is_away = how->kind == MW_REQUANTIZE_TWO_STEP && c >= ties_up_channels;
        scales[c] = (float)(factor * MW_FIXED_ONE);
        offsets[c] = half + moved;
        negative_offsets[c] = is_away ? half - moved : offsets[c];
    }
    // Lanes of no channel, which must not seem near to an edge.
    for (size_t c = channels; c % MW_BLOCK_CHANNELS != 0; c++) {
        scales[c] = 0;
        offsets[c] = negative_offsets[c] = half;
    }
    return true;
}
