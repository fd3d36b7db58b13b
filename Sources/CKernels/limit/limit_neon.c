#if defined(__aarch64__)

#include <arm_neon.h>

#include "loop.h"

// Two instructions for 16 products, as in the kernel: smull, smlal on it, then one sadalp for both.
static inline __attribute__((always_inline)) int32x4_t add(int32x4_t sum, int8x8_t x, int8x8_t w) {
    int16x8_t products = vmull_s8(x, w);
    // Hidden, because the compiler would multiply the same operands once only.
    __asm__ volatile("" : "+w"(products));
    return vpadalq_s16(sum, vmlal_s8(products, x, w));
}
#define ADD(sum) add(sum, x, w)

size_t mw_multiply_add_limit__neon(size_t rounds) {
    const int8x8_t x = vdup_n_s8(3), w = vdup_n_s8(5);
    LIMIT(int32x4_t, "w", vdupq_n_s32(0), 16, ADD);
}

#endif
