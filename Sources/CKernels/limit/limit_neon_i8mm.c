#if defined(__aarch64__)

#include <arm_neon.h>

#include "loop.h"

#if defined(__clang__)
#define TARGET __attribute__((target("i8mm")))
#else
#define TARGET __attribute__((target("arch=armv8.2-a+i8mm")))
#endif

#define ADD(sum) vmmlaq_s32(sum, x, w)

TARGET size_t mw_multiply_add_limit__neon_i8mm(size_t rounds) {
    const int8x16_t x = vdupq_n_s8(3), w = vdupq_n_s8(5);
    LIMIT(int32x4_t, "w", vdupq_n_s32(0), 32, ADD);
}

#endif
