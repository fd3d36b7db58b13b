#if defined(__aarch64__)

#include "kernels.h"
#include "tiles_neon.h"

#if defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#define TILE DOTPROD static inline __attribute__((always_inline))

// sdot adds four products, each at most 2^14, in 32 bits without saturation; layout.h has the bound of a whole window.

enum { MOST_ROWS = 6 };

/// Group `lane` of each row's inputs by four channels' weights in each of four vectors.
#define MULTIPLY(lane)                                                                                        \
    do {                                                                                                      \
        MW_UNROLL                                                                                             \
        for (int i = 0; i < 4; i++) {                                                                         \
            const int8x16_t four = vld1q_s8(weights + i * 16);                                                \
            MW_UNROLL                                                                                         \
            for (int r = 0; r < rows; r++) sums[r * 4 + i] = vdotq_laneq_s32(sums[r * 4 + i], four, x[r], lane); \
        }                                                                                                     \
        weights += 64;                                                                                        \
    } while (0)

/// Sums of `rows` positions by 16 channels stay in registers through the whole window. Four groups of inputs are loaded
/// at once, which ends at most 3 bytes behind the run.
TILE void tile(const mw_neon_work *w, const int rows) {
    const mw_s8_convolution *const c = w->c;
    const size_t groups = mw_segment_groups(c->segment_length), stride = c->column_stride;
    const int8_t *weights = w->weights;
    int32x4_t sums[MOST_ROWS * 4];
    MW_UNROLL
    for (int i = 0; i < rows * 4; i++) sums[i] = vld1q_s32(c->folded_bias + w->block * 16 + i % 4 * 4);
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *from[MOST_ROWS];
        int8x16_t x[MOST_ROWS];
        MW_UNROLL
        for (int r = 0; r < rows; r++) from[r] = w->input + c->segment_offsets[segment] + (size_t)r * stride;
        size_t left = groups;
        for (; left >= 4; left -= 4) {
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                x[r] = vld1q_s8(from[r]);
                from[r] += 16;
            }
            MULTIPLY(0);
            MULTIPLY(1);
            MULTIPLY(2);
            MULTIPLY(3);
        }
        for (; left > 0; left--) {
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                x[r] = vreinterpretq_s8_s32(vdupq_n_s32(mw_load_four(from[r])));
                from[r] += 4;
            }
            MULTIPLY(0);
        }
    }
    mw_finish_neon(w, sums, rows);
}

#define DEFINE(rows) \
    DOTPROD static void tile_##rows(const mw_neon_work *w) { tile(w, rows); }
DEFINE(1) DEFINE(2) DEFINE(3) DEFINE(4) DEFINE(5) DEFINE(6)
#undef DEFINE

static mw_neon_tile *const tiles[MOST_ROWS + 1] = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};

void mw_s8_convolve__neon_dotprod(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    mw_convolve_neon(
        c, input, output, first_position, last_position, first_block, last_block, tiles, MOST_ROWS);
}

#endif
