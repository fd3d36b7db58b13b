#ifndef MW_CONVOLUTION_TILES_NEON_H
#define MW_CONVOLUTION_TILES_NEON_H

#if defined(__aarch64__)

#include "../requantize/requantize_neon.h"
#include "tiles.h"

/// What a tile computes: up to its height of positions from `input` on, channels of one block.
typedef struct {
    const mw_s8_convolution *c;
    const int8_t *input;
    int8_t *output;
    size_t block;
    /// The block's weights, as the kernel wants them.
    const int8_t *weights;
    /// Sums of the windows' inputs, one a position; only with weight zero points.
    const int32_t *input_sums;
} mw_neon_work;

typedef void mw_neon_tile(const mw_neon_work *work);

/// Most positions that any kernel's tile has.
enum { MW_NEON_ROWS = 8 };

/// Sums of the windows of `rows` positions, the bytes behind a run left out.
static void mw_sum_inputs_neon(const mw_s8_convolution *c, const int8_t *input, size_t rows, int32_t *sums) {
    for (size_t r = 0; r < rows; r++) {
        int32x4_t sum = vdupq_n_s32(0);
        int32_t rest = 0;
        for (size_t segment = 0; segment < c->segments; segment++) {
            const int8_t *const run = input + r * c->column_stride + c->segment_offsets[segment];
            size_t k = 0;
            for (; k + 16 <= c->segment_length; k += 16) sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(run + k)));
            for (; k < c->segment_length; k++) rest += run[k];
        }
        sums[r] = vaddvq_s32(sum) + rest;
    }
}

MW_NEON void mw_store_neon(int8_t *to, int8x16_t bytes, size_t count) {
    if (count >= 16) {
        vst1q_s8(to, bytes);
    } else {
        int8_t kept[16];
        vst1q_s8(kept, bytes);
        memcpy(to, kept, count);
    }
}

/// Four sums by float scales and with their residuals, rounded once.
/// - output: of the position and the block's first channel, of which there are `count`.
MW_NEON int32x4_t mw_scale_residual_neon(
    const mw_s8_convolution *c, int32x4_t sums, float32x4_t scales, const int8_t *output, const int four, size_t count) {
    int8_t bytes[8] = {0};
    const size_t first = (size_t)four * 4;
    if (count > first) memcpy(bytes, output + c->residual_distance + first, count - first < 4 ? count - first : 4);
    const int32x4_t wide = vmovl_s16(vget_low_s16(vmovl_s8(vld1_s8(bytes))));
    const float32x4_t residual = vcvtq_f32_s32(vsubq_s32(wide, vdupq_n_s32(c->residual_zero_point)));
    const float32x4_t scaled = vmulq_f32(vcvtq_f32_s32(sums), scales);
    return vcvtnq_s32_f32(vaddq_f32(scaled, vmulq_f32(residual, vdupq_n_f32(c->residual_scale))));
}

/// From sums [rows][4 vectors] to the bytes of `rows` positions.
MW_NEON void mw_finish_neon(const mw_neon_work *w, int32x4_t *sums, const int rows) {
    const mw_s8_convolution *const c = w->c;
    const mw_requantization *const how = &c->requantization;
    const size_t channel = w->block * 16, count = c->channels - channel;
    const mw_requantize_neon shared = mw_requantize_neon_load(how);
    int8_t *const output = w->output + channel;
    const bool is_float = how->kind == MW_REQUANTIZE_FLOAT;
    const bool is_integer = mw_is_integer(how->kind);
    const int32x4_t away = vdupq_n_s32(mw_is_away(how->kind) ? -1 : 0);
    if (w->input_sums != NULL) {
        MW_UNROLL
        for (int i = 0; i < 4; i++) {
            const int32x4_t points = vld1q_s32(c->weight_zero_points + channel + i * 4);
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                sums[r * 4 + i] = vmlsq_s32(sums[r * 4 + i], points, vdupq_n_s32(w->input_sums[r]));
            }
        }
    }
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const size_t four = channel + (size_t)i * 4;
        if (is_float) {
            const float32x4_t scales = vld1q_f32(how->scales + four);
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                sums[r * 4 + i] = c->residual_scale == 0
                    ? mw_scale_float_neon(sums[r * 4 + i], scales)
                    : mw_scale_residual_neon(c, sums[r * 4 + i], scales, output + (size_t)r * c->output_stride, i, count);
            }
        } else {
            const int32x4_t multipliers = vld1q_s32(how->multipliers + four), shifts = vld1q_s32(how->shifts + four);
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                sums[r * 4 + i] = is_integer
                    ? mw_scale_integer_neon(sums[r * 4 + i], multipliers, shifts, away)
                    : mw_scale_two_step_neon(sums[r * 4 + i], multipliers, shifts, away);
            }
        }
    }
    MW_UNROLL
    for (int r = 0; r < rows; r++) {
        mw_store_neon(output + (size_t)r * c->output_stride, mw_narrow_neon(&shared, sums + r * 4), count);
    }
}

/// Positions from..<to of a stretch, in tiles of nearly equal height, each through all blocks of a panel.
///
/// - weights: of the panel's first block; block_bytes: between blocks.
static inline void mw_convolve_stretch_neon(
    const mw_s8_convolution *c, mw_stretch stretch, size_t first_block, size_t last_block, const int8_t *weights,
    size_t block_bytes, mw_neon_tile *const tiles[], size_t most_rows) {
    const size_t heights = (stretch.positions + most_rows - 1) / most_rows;
    for (size_t height = 0; height < heights; height++) {
        const size_t start = mw_part_start(stretch.positions, heights, height);
        const size_t rows = mw_part_start(stretch.positions, heights, height + 1) - start;
        int32_t input_sums[MW_NEON_ROWS];
        mw_neon_work w = {
            c, stretch.input + start * c->column_stride, stretch.output + start * c->output_stride, first_block,
            weights, NULL};
        if (c->weight_zero_points != NULL) {
            mw_sum_inputs_neon(c, w.input, rows, input_sums);
            w.input_sums = input_sums;
        }
        for (; w.block < last_block; w.block++) {
            tiles[rows](&w);
            w.weights += block_bytes;
        }
    }
}

/// All positions by a panel of blocks at a time.
///
/// - tiles: one a height, up to most_rows.
static inline void mw_convolve_neon(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t first_position, size_t last_position,
    size_t first_block, size_t last_block, mw_neon_tile *const tiles[], size_t most_rows) {
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    const size_t most_blocks = block_bytes < c->panel_bytes ? c->panel_bytes / block_bytes : 1;
    const size_t blocks = last_block - first_block, panels = (blocks + most_blocks - 1) / most_blocks;
    for (size_t panel = 0; panel < panels; panel++) {
        const size_t from = first_block + mw_part_start(blocks, panels, panel);
        const size_t to = first_block + mw_part_start(blocks, panels, panel + 1);
        for (size_t position = first_position; position < last_position;) {
            const mw_stretch stretch = mw_stretch_at(c, input, output, position, last_position);
            mw_convolve_stretch_neon(
                c, stretch, from, to, c->weights + from * block_bytes, block_bytes, tiles, most_rows);
            position += stretch.positions;
        }
    }
}

#endif

#endif
