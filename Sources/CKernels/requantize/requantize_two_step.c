#include <assert.h>

#include "../include/CKernels.h"

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// The formula is FixedPointMultiplier.scale in Graph; here without branches.
void mw_s8_requantize_two_step(
    size_t count, const int32_t *restrict sums, const int32_t *restrict multipliers, const int32_t *restrict shifts,
    int32_t zero_point, int32_t low, int32_t high, int8_t *restrict output) {
    assert(low >= -128 && low <= high && high <= 127);
    for (size_t i = 0; i < count; i++) {
        const int64_t left = larger(shifts[i], 0), right = larger(-(int64_t)shifts[i], 0);
        const int64_t shifted = smaller(larger(sums[i] * ((int64_t)1 << left), INT32_MIN), INT32_MAX);
        // gemmlowp's nudge and truncating division is the floor of product / 2^31 + 1/2. At most 2^62, and since no
        // multiplier is negative the one product that would saturate does not occur.
        const int64_t scaled = (shifted * multipliers[i] + ((int64_t)1 << 30)) >> 31;
        const int64_t mask = ((int64_t)1 << right) - 1;
        const int64_t threshold = (mask >> 1) + (scaled < 0);
        const int64_t divided = (scaled >> right) + ((scaled & mask) > threshold);
        output[i] = (int8_t)smaller(larger(divided + zero_point, low), high);
    }
}
