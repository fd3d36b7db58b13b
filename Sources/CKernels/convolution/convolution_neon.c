#if defined(__aarch64__)

#include "kernels.h"
#include "tiles_neon.h"

#define TILE static inline __attribute__((always_inline))

// A product is at most 2^14. Two of them fit 16 bits unless both are -128 * -128, so weights without a -128 have two
// groups added in 16 bits before sadalp widens them; others have each group widened by itself. layout.h has the bound of a
// whole window.

enum { MOST_ROWS = 2, WORTHWHILE_POSITIONS = 8 };

/// Vector i of sums has two channels: the first two products of each group and the last two, one after the other.
TILE void multiply(int32x4_t *sums, const int8x16_t *x, const int8_t *weights, const int rows) {
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const int8x16_t four = vld1q_s8(weights + i * 16);
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            int32x4_t *const s = sums + r * 8 + i * 2;
            s[0] = vpadalq_s16(s[0], vmull_s8(vget_low_s8(four), vget_low_s8(x[r])));
            s[1] = vpadalq_s16(s[1], vmull_high_s8(four, x[r]));
        }
    }
}

TILE void multiply_two(int32x4_t *sums, const int8x16_t *x, const int8x16_t *y, const int8_t *weights, const int rows) {
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const int8x16_t first = vld1q_s8(weights + i * 16), second = vld1q_s8(weights + 64 + i * 16);
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            int32x4_t *const s = sums + r * 8 + i * 2;
            const int16x8_t low = vmull_s8(vget_low_s8(first), vget_low_s8(x[r]));
            const int16x8_t high = vmull_high_s8(first, x[r]);
            s[0] = vpadalq_s16(s[0], vmlal_s8(low, vget_low_s8(second), vget_low_s8(y[r])));
            s[1] = vpadalq_s16(s[1], vmlal_high_s8(high, second, y[r]));
        }
    }
}

TILE void load_four(int8x16_t *x, const int8_t *const *from, size_t offset, const int rows) {
    MW_UNROLL
    for (int r = 0; r < rows; r++) x[r] = vreinterpretq_s8_s32(vdupq_n_s32(mw_load_four(from[r] + offset)));
}

/// Sums of `rows` positions by 16 channels stay in registers through the whole window.
TILE void tile(const mw_neon_work *w, const int rows, const bool is_two_safe) {
    const mw_s8_convolution *const c = w->c;
    const size_t groups = mw_segment_groups(c->segment_length);
    const int8_t *weights = w->weights;
    int32x4_t sums[MOST_ROWS * 8];
    MW_UNROLL
    for (int i = 0; i < rows * 8; i++) sums[i] = vdupq_n_s32(0);
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *from[MOST_ROWS];
        int8x16_t x[MOST_ROWS], y[MOST_ROWS];
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            from[r] = w->input + c->segment_offsets[segment] + (size_t)r * c->column_stride;
        }
        size_t left = groups, offset = 0;
        for (; is_two_safe && left >= 2; left -= 2, offset += 8, weights += 128) {
            load_four(x, from, offset, rows);
            load_four(y, from, offset + 4, rows);
            multiply_two(sums, x, y, weights, rows);
        }
        for (; left > 0; left--, offset += 4, weights += 64) {
            load_four(x, from, offset, rows);
            multiply(sums, x, weights, rows);
        }
    }
    int32x4_t by_row[MOST_ROWS * 4];
    MW_UNROLL
    for (int i = 0; i < rows * 4; i++) {
        const int32x4_t bias = vld1q_s32(c->folded_bias + w->block * 16 + i % 4 * 4);
        by_row[i] = vaddq_s32(vpaddq_s32(sums[i * 2], sums[i * 2 + 1]), bias);
    }
    mw_finish_neon(w, by_row, rows);
}

static void tile_1(const mw_neon_work *w) { tile(w, 1, false); }
static void tile_2(const mw_neon_work *w) { tile(w, 2, false); }
static void tile_two_safe_1(const mw_neon_work *w) { tile(w, 1, true); }
static void tile_two_safe_2(const mw_neon_work *w) { tile(w, 2, true); }

static mw_neon_tile *const tiles[MOST_ROWS + 1] = {NULL, tile_1, tile_2};
static mw_neon_tile *const tiles_two_safe[MOST_ROWS + 1] = {NULL, tile_two_safe_1, tile_two_safe_2};

static bool has_lowest(const int8_t *weights, size_t bytes) {
    int8x16_t least = vdupq_n_s8(0);
    for (size_t i = 0; i < bytes; i += 16) least = vminq_s8(least, vld1q_s8(weights + i));
    return vminvq_s8(least) == -128;
}

void mw_s8_convolve__neon(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    const bool is_two_safe =
        last_position - first_position >= WORTHWHILE_POSITIONS
        && !has_lowest(c->weights + first_block * block_bytes, (last_block - first_block) * block_bytes);
    mw_convolve_neon(
        c, input, output, first_position, last_position, first_block, last_block,
        is_two_safe ? tiles_two_safe : tiles, MOST_ROWS);
}

#endif
