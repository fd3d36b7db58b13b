#if defined(__aarch64__)

#include <arm_neon.h>
#include <assert.h>

#include "kernels.h"
#include "tail.h"

static inline int8x16_t load_tail(const int8_t *from, size_t count) {
    uint64_t bytes[2];
    mw_load_tail(from, count, bytes);
    return vcombine_s8(vcreate_s8(bytes[0]), vcreate_s8(bytes[1]));
}

// A product is at most 2^14 and fits 16 bits; two of them (-128 * -128 twice: 2^15) do not, so each is widened by
// sadalp before the next is added. All lanes together stay within 2^30 for columns <= 2^16.
static inline int32x4_t add_products(int32x4_t sum, int8x16_t weights, int8x16_t input) {
    sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(weights), vget_low_s8(input)));
    return vpadalq_s16(sum, vmull_high_s8(weights, input));
}

void mw_s8_fully_connected__neon(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums) {
    assert(columns <= 65536);
    const size_t whole = columns / 16 * 16;
    for (size_t row = 0; row < rows; row += 4) {
        const int8_t *w[4];
        int32x4_t s[4];
        for (size_t k = 0; k < 4; k++) {
            w[k] = mw_row(weights, row + k, rows, columns);
            s[k] = vdupq_n_s32(0);
        }
        for (size_t column = 0; column < whole; column += 16) {
            const int8x16_t x = vld1q_s8(input + column);
            for (size_t k = 0; k < 4; k++) s[k] = add_products(s[k], vld1q_s8(w[k] + column), x);
        }
        if (whole < columns) {
            const int8x16_t x = load_tail(input + whole, columns - whole);
            for (size_t k = 0; k < 4; k++) s[k] = add_products(s[k], load_tail(w[k] + whole, columns - whole), x);
        }
        const int32x4_t four = vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
        if (rows - row >= 4) {
            vst1q_s32(sums + row, vaddq_s32(four, vld1q_s32(folded_bias + row)));
        } else {
            int32_t rest[4];
            vst1q_s32(rest, four);
            for (size_t k = 0; k < rows - row; k++) {
                sums[row + k] = (int32_t)((uint32_t)rest[k] + (uint32_t)folded_bias[row + k]);
            }
        }
    }
}

#endif
