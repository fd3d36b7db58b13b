#if defined(__aarch64__)

#include <arm_neon.h>

#include "kernels.h"

#if defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

// sdot adds four products, each at most 2^14, in 32 bits; with 2^14 channels a sum is at most 2^28.

/// Positions whose sums with a block of 16 rows stay in registers.
enum { POSITIONS = 4 };

DOTPROD void mw_s8_distance__neon_dotprod(
    const mw_s8_memory *restrict memory, size_t positions, const int8_t *restrict features,
    int32_t *restrict distances) {
    mw_assert_memory(memory);
    const size_t channels = memory->channels, blocks = (memory->rows + 15) / 16;
    for (size_t start = 0; start < positions; start += POSITIONS) {
        const int8_t *from[POSITIONS];
        int32x4_t least[POSITIONS];
        for (size_t p = 0; p < POSITIONS; p++) {
            from[p] = mw_position(start + p, positions, channels, features);
            least[p] = vdupq_n_s32(INT32_MAX);
        }
        for (size_t block = 0; block < blocks; block++) {
            const int8_t *rows = memory->memory + block * channels * 16;
            int32x4_t sums[POSITIONS][4];
            for (int p = 0; p < POSITIONS; p++) {
                for (int q = 0; q < 4; q++) sums[p][q] = vdupq_n_s32(0);
            }
            for (size_t c = 0; c < channels; c += 4, rows += 64) {
                int8x16_t x[POSITIONS];
                for (int p = 0; p < POSITIONS; p++) {
                    x[p] = vreinterpretq_s8_s32(vdupq_n_s32(mw_four_features(from[p] + c)));
                }
                for (int q = 0; q < 4; q++) {
                    const int8x16_t w = vld1q_s8(rows + 16 * q);
                    for (int p = 0; p < POSITIONS; p++) sums[p][q] = vdotq_s32(sums[p][q], x[p], w);
                }
            }
            for (int q = 0; q < 4; q++) {
                const int32x4_t norm = vld1q_s32(memory->norms + block * 16 + q * 4);
                for (int p = 0; p < POSITIONS; p++) {
                    least[p] = vminq_s32(least[p], vsubq_s32(norm, vshlq_n_s32(sums[p][q], 1)));
                }
            }
        }
        for (size_t p = 0; p < POSITIONS && start + p < positions; p++) {
            distances[start + p] = mw_square(channels, from[p]) + vminvq_s32(least[p]);
        }
    }
}

#endif
