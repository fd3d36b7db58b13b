#if defined(__aarch64__)

#include "kernels.h"
#include "tiles_neon.h"

#if defined(__clang__)
#define I8MM __attribute__((target("i8mm")))
#else
#define I8MM __attribute__((target("arch=armv8.2-a+i8mm")))
#endif
#define TILE I8MM static inline __attribute__((always_inline))

// smmla multiplies two rows of eight inputs by two channels of eight weights: [row 0, row 1] x [channel 0, channel 1]. It
// adds eight products, each at most 2^14, in 32 bits without saturation; layout.h has the bound of a whole window.
//
// A vector of packed weights is four channels of four; two groups of them interleaved are two vectors of two channels of
// eight. Where a call has many positions, that is done once for all of them.

enum { MOST_ROWS = 6, PAIRS = MOST_ROWS / 2 };

/// Interleaved weights of the blocks of a panel; what does not fit is interleaved in the tile.
enum { INTERLEAVED_BYTES = 32 << 10, WORTHWHILE_POSITIONS = 4 * MOST_ROWS };

TILE int8x16x2_t interleave(int8x16_t first, int8x16_t second) {
    const int32x4_t a = vreinterpretq_s32_s8(first), b = vreinterpretq_s32_s8(second);
    return (int8x16x2_t){{vreinterpretq_s8_s32(vzip1q_s32(a, b)), vreinterpretq_s8_s32(vzip2q_s32(a, b))}};
}

/// Eight inputs of two rows each by eight weights of 16 channels each.
TILE void multiply(int32x4_t *sums, const int8x16_t *x, const int8_t *weights, const int pairs, const bool is_interleaved) {
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const int8x16x2_t eight = is_interleaved
            ? (int8x16x2_t){{vld1q_s8(weights + i * 32), vld1q_s8(weights + i * 32 + 16)}}
            : interleave(vld1q_s8(weights + i * 16), vld1q_s8(weights + 64 + i * 16));
        MW_UNROLL
        for (int p = 0; p < pairs; p++) {
            sums[p * 8 + i * 2] = vmmlaq_s32(sums[p * 8 + i * 2], x[p], eight.val[0]);
            sums[p * 8 + i * 2 + 1] = vmmlaq_s32(sums[p * 8 + i * 2 + 1], x[p], eight.val[1]);
        }
    }
}

/// The same with the last group of a segment that has an odd number of them.
TILE void multiply_last(int32x4_t *sums, const int8x16_t *x, const int8_t *weights, const int pairs) {
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const int8x16x2_t eight = interleave(vld1q_s8(weights + i * 16), vdupq_n_s8(0));
        MW_UNROLL
        for (int p = 0; p < pairs; p++) {
            sums[p * 8 + i * 2] = vmmlaq_s32(sums[p * 8 + i * 2], x[p], eight.val[0]);
            sums[p * 8 + i * 2 + 1] = vmmlaq_s32(sums[p * 8 + i * 2 + 1], x[p], eight.val[1]);
        }
    }
}

/// Sums of `rows` positions, the last one twice where they are odd, by 16 channels stay in registers through the whole
/// window. Four groups of inputs are loaded at once, which ends at most 3 bytes behind the run.
TILE void tile(const mw_neon_work *w, const int rows, const bool is_interleaved) {
    const mw_s8_convolution *const c = w->c;
    const size_t groups = mw_segment_groups(c->segment_length), stride = c->column_stride;
    const int pairs = (rows + 1) / 2;
    const int8_t *weights = w->weights;
    int32x4_t sums[PAIRS * 8];
    MW_UNROLL
    for (int i = 0; i < pairs * 8; i++) sums[i] = vdupq_n_s32(0);
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *from[PAIRS][2];
        int8x16_t x[PAIRS];
        MW_UNROLL
        for (int p = 0; p < pairs; p++) {
            from[p][0] = w->input + c->segment_offsets[segment] + (size_t)p * 2 * stride;
            from[p][1] = from[p][0] + (p * 2 + 1 < rows ? stride : 0);
        }
        size_t left = groups;
        for (; left >= 2; left -= 2) {
            MW_UNROLL
            for (int p = 0; p < pairs; p++) {
                x[p] = vcombine_s8(vld1_s8(from[p][0]), vld1_s8(from[p][1]));
                from[p][0] += 8;
                from[p][1] += 8;
            }
            multiply(sums, x, weights, pairs, is_interleaved);
            weights += 128;
        }
        if (left > 0) {
            MW_UNROLL
            for (int p = 0; p < pairs; p++) {
                const int32x2_t first = vdup_n_s32(mw_load_four(from[p][0]));
                const int32x2_t second = vdup_n_s32(mw_load_four(from[p][1]));
                x[p] = vreinterpretq_s8_s32(vcombine_s32(first, second));
            }
            multiply_last(sums, x, weights, pairs);
            weights += 64;
        }
    }
    int32x4_t by_row[MOST_ROWS * 4];
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const int32x4_t bias = vld1q_s32(c->folded_bias + w->block * 16 + i * 4);
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            const int64x2_t a = vreinterpretq_s64_s32(sums[r / 2 * 8 + i * 2]);
            const int64x2_t b = vreinterpretq_s64_s32(sums[r / 2 * 8 + i * 2 + 1]);
            const int64x2_t four = r % 2 == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b);
            by_row[r * 4 + i] = vaddq_s32(vreinterpretq_s32_s64(four), bias);
        }
    }
    mw_finish_neon(w, by_row, rows);
}

#define DEFINE(rows)                                                                        \
    I8MM static void tile_##rows(const mw_neon_work *w) { tile(w, rows, false); }           \
    I8MM static void tile_interleaved_##rows(const mw_neon_work *w) { tile(w, rows, true); }
DEFINE(1) DEFINE(2) DEFINE(3) DEFINE(4) DEFINE(5) DEFINE(6)
#undef DEFINE

static mw_neon_tile *const tiles[MOST_ROWS + 1] = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};
static mw_neon_tile *const tiles_interleaved[MOST_ROWS + 1] = {
    NULL, tile_interleaved_1, tile_interleaved_2, tile_interleaved_3,
    tile_interleaved_4, tile_interleaved_5, tile_interleaved_6};

/// One block; an odd last group of a segment stays as it is.
I8MM static void interleave_block(const mw_s8_convolution *c, const int8_t *from, int8_t *to) {
    const size_t groups = mw_segment_groups(c->segment_length);
    for (size_t segment = 0; segment < c->segments; segment++) {
        for (size_t group = 0; group + 2 <= groups; group += 2, from += 128, to += 128) {
            MW_UNROLL
            for (int i = 0; i < 4; i++) {
                const int8x16x2_t eight = interleave(vld1q_s8(from + i * 16), vld1q_s8(from + 64 + i * 16));
                vst1q_s8(to + i * 32, eight.val[0]);
                vst1q_s8(to + i * 32 + 16, eight.val[1]);
            }
        }
        if (groups % 2 == 1) {
            memcpy(to, from, 64);
            from += 64;
            to += 64;
        }
    }
}

/// All positions by the blocks of a panel, interleaved first.
I8MM static void convolve_interleaved(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t first_position, size_t last_position,
    size_t first_block, size_t last_block) {
    int8_t weights[INTERLEAVED_BYTES] __attribute__((aligned(64)));
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    for (size_t block = first_block; block < last_block; block++) {
        interleave_block(c, c->weights + block * block_bytes, weights + (block - first_block) * block_bytes);
    }
    for (size_t position = first_position; position < last_position;) {
        const mw_stretch stretch = mw_stretch_at(c, input, output, position, last_position);
        mw_convolve_stretch_neon(
            c, stretch, first_block, last_block, weights, block_bytes, tiles_interleaved, MOST_ROWS);
        position += stretch.positions;
    }
}

I8MM void mw_s8_convolve__neon_i8mm(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    if (last_position - first_position < WORTHWHILE_POSITIONS || block_bytes > INTERLEAVED_BYTES) {
        mw_convolve_neon(
            c, input, output, first_position, last_position, first_block, last_block, tiles, MOST_ROWS);
        return;
    }
    const size_t most_bytes = mw_smaller(c->panel_bytes, INTERLEAVED_BYTES);
    const size_t most_blocks = block_bytes < most_bytes ? most_bytes / block_bytes : 1;
    const size_t blocks = last_block - first_block, panels = (blocks + most_blocks - 1) / most_blocks;
    for (size_t panel = 0; panel < panels; panel++) {
        convolve_interleaved(
            c, input, output, first_position, last_position, first_block + mw_part_start(blocks, panels, panel),
            first_block + mw_part_start(blocks, panels, panel + 1));
    }
}

#endif
