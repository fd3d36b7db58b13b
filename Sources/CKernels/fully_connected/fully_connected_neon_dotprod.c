#if defined(__aarch64__)

#include <arm_neon.h>
#include <assert.h>

#include "kernels.h"
#include "tail.h"

#if defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

DOTPROD static inline int8x16_t load_tail(const int8_t *from, size_t count) {
    uint64_t bytes[2];
    mw_load_tail(from, count, bytes);
    return vcombine_s8(vcreate_s8(bytes[0]), vcreate_s8(bytes[1]));
}

// sdot adds four products, each at most 2^14, in 32 bits and does not saturate. All lanes together stay within 2^30 for
// columns <= 2^16.
DOTPROD void mw_s8_fully_connected__neon_dotprod(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums) {
    assert(columns <= 65536);
    const size_t whole = columns / 16 * 16;
    for (size_t row = 0; row < rows; row += 8) {
        const int8_t *w[8];
        int32x4_t s[8];
        for (size_t k = 0; k < 8; k++) {
            w[k] = mw_row(weights, row + k, rows, columns);
            s[k] = vdupq_n_s32(0);
        }
        for (size_t column = 0; column < whole; column += 16) {
            const int8x16_t x = vld1q_s8(input + column);
            for (size_t k = 0; k < 8; k++) s[k] = vdotq_s32(s[k], vld1q_s8(w[k] + column), x);
        }
        if (whole < columns) {
            const int8x16_t x = load_tail(input + whole, columns - whole);
            for (size_t k = 0; k < 8; k++) s[k] = vdotq_s32(s[k], load_tail(w[k] + whole, columns - whole), x);
        }
        const int32x4_t low = vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
        const int32x4_t high = vpaddq_s32(vpaddq_s32(s[4], s[5]), vpaddq_s32(s[6], s[7]));
        if (rows - row >= 8) {
            vst1q_s32(sums + row, vaddq_s32(low, vld1q_s32(folded_bias + row)));
            vst1q_s32(sums + row + 4, vaddq_s32(high, vld1q_s32(folded_bias + row + 4)));
        } else {
            int32_t rest[8];
            vst1q_s32(rest, low);
            vst1q_s32(rest + 4, high);
            for (size_t k = 0; k < rows - row; k++) {
                sums[row + k] = (int32_t)((uint32_t)rest[k] + (uint32_t)folded_bias[row + k]);
            }
        }
    }
}

#endif
