#if defined(__x86_64__)

#include "finish_avx512.h"
#include "kernels.h"

// vpdpbusd multiplies unsigned by signed bytes, so the input is moved up by 128 (its top bit flipped) and 128 times the
// weights' sum is taken off the folded bias beforehand. It adds four products, each at most 255 * 128, in 32 bits
// without saturation; layout.h has the bound of a whole window.

/// Adds the products of one group of four inputs: each is broadcast once a row, each vector of weights loaded once.
TILE void add_group(
    __m512i *sums, const int8_t *const *from, const int8_t *weights, size_t block_bytes, size_t stride, size_t stride3,
    __m512i flip, const int rows, const int blocks) {
    __m512i four[MOST_BLOCKS];
    MW_UNROLL
    for (int b = 0; b < blocks; b++) four[b] = _mm512_loadu_si512(weights + (size_t)b * block_bytes);
    MW_UNROLL
    for (int r = 0; r < rows; r++) {
        const int8_t *const at =
            from[r / 4] + (r % 4 == 0 ? 0 : r % 4 == 1 ? stride : r % 4 == 2 ? 2 * stride : stride3);
        const __m512i x = _mm512_xor_si512(flip, _mm512_set1_epi32(mw_load_four(at)));
        MW_UNROLL
        for (int b = 0; b < blocks; b++) {
            sums[r * blocks + b] = _mm512_dpbusd_epi32(sums[r * blocks + b], x, four[b]);
        }
    }
}

/// Sums of `rows` positions by `blocks` blocks stay in registers through the whole window. Few of them would wait for
/// each other, so they are kept `phases` times, each for every so many-th group.
TILE void tile(const work *w, const int rows, const int blocks, const int phases) {
    const mw_s8_convolution *const c = w->c;
    const size_t groups = mw_segment_groups(c->segment_length);
    const size_t block_bytes = c->segments * groups * 64;
    const int8_t *weights = c->weights + w->block * block_bytes;
    __m512i flip = _mm512_set1_epi8((char)0x80);
    MW_OPAQUE("v", flip);
    size_t stride = c->column_stride, stride3 = 3 * stride;
    MW_OPAQUE("r", stride);
    MW_OPAQUE("r", stride3);

    __m512i sums[MOST_PHASES][MOST_ROWS * MOST_BLOCKS];
    MW_UNROLL
    for (int i = 0; i < rows * blocks; i++) {
        sums[0][i] = _mm512_loadu_si512(c->folded_bias + (w->block + (size_t)(i % blocks)) * 16);
        MW_UNROLL
        for (int p = 1; p < phases; p++) sums[p][i] = _mm512_setzero_si512();
    }
    for (size_t segment = 0; segment < c->segments; segment++) {
        // A pointer for every fourth row; the ones between are one, two and three strides on.
        const int8_t *from[(MOST_ROWS + 3) / 4];
        MW_UNROLL
        for (int i = 0; i < (rows + 3) / 4; i++) {
            from[i] = w->input + c->segment_offsets[segment] + (size_t)i * 4 * stride;
        }
        size_t group = groups;
        for (; phases > 1 && group >= (size_t)phases; group -= (size_t)phases) {
            MW_UNROLL
            for (int p = 0; p < phases; p++) {
                add_group(sums[p], from, weights, block_bytes, stride, stride3, flip, rows, blocks);
                from[0] += 4;
                weights += 64;
            }
        }
        for (; group > 0; group--) {
            add_group(sums[0], from, weights, block_bytes, stride, stride3, flip, rows, blocks);
            MW_UNROLL
            for (int i = 0; i < (rows + 3) / 4; i++) from[i] += 4;
            weights += 64;
        }
    }
    MW_UNROLL
    for (int p = 1; p < phases; p++) {
        MW_UNROLL
        for (int i = 0; i < rows * blocks; i++) sums[0][i] = _mm512_add_epi32(sums[0][i], sums[p][i]);
    }
    if (c->requantization.kind == MW_REQUANTIZE_FLOAT && c->residual_scale == 0
        && are_fractions(c->requantization.scales + w->block * 16, blocks)) {
        if (c->weight_zero_points == NULL) finish_usual(w, sums[0], rows, blocks, FINISH_FLOAT);
        else finish_usual(w, sums[0], rows, blocks, FINISH_FLOAT_POINTS);
    } else if (c->requantization.fixed_scales != NULL && c->weight_zero_points == NULL) {
        if (mw_is_integer(c->requantization.kind)) finish_usual(w, sums[0], rows, blocks, FINISH_INTEGER);
        else if (c->requantization.fixed_negative_offsets != NULL) finish_usual(w, sums[0], rows, blocks, FINISH_TWO_STEP);
        else finish_usual(w, sums[0], rows, blocks, FINISH_TWO_STEP_UP);
    } else {
        __m512i kept[MOST_ROWS * MOST_BLOCKS];
        MW_UNROLL
        for (int i = 0; i < rows * blocks; i++) kept[i] = sums[0][i];
        finish(w, kept, rows, blocks);
    }
}

// Heights that leave registers for the weights, an input and the flipped bits.
#define TILES(T) \
    T(1, 1) T(2, 1) T(3, 1) T(4, 1) T(5, 1) T(6, 1) T(7, 1) T(8, 1) T(9, 1) T(10, 1) T(11, 1) T(12, 1) \
    T(13, 1) T(14, 1) T(15, 1) T(16, 1) \
    T(1, 2) T(2, 2) T(3, 2) T(4, 2) T(5, 2) T(6, 2) T(7, 2) T(8, 2) T(9, 2) T(10, 2) T(11, 2) T(12, 2) \
    T(1, 3) T(2, 3) T(3, 3) T(4, 3) T(5, 3) T(6, 3) T(7, 3) T(8, 3) \
    T(1, 4) T(2, 4) T(3, 4) T(4, 4) T(5, 4) T(6, 4) \
    T(1, 5) T(1, 6) T(1, 7) T(1, 8)

#define DEFINE(rows, blocks) \
    VNNI static void tile_##rows##x##blocks(const work *w) { \
        tile(w, rows, blocks, rows > 4 ? 1 : rows * blocks == 1 ? 4 : rows * blocks <= 4 ? 2 : 1); \
    }
TILES(DEFINE)
#undef DEFINE

static void (*const tiles[MOST_BLOCKS + 1][MOST_ROWS + 1])(const work *) = {
#define ENTRY(rows, blocks) [blocks][rows] = tile_##rows##x##blocks,
    TILES(ENTRY)
#undef ENTRY
};

static const size_t most_rows[MOST_BLOCKS + 1] = {0, 16, 12, 8, 6, 1, 1, 1, 1};

/// Lane i is the sum of the lanes of vector i.
TILE __m512i sums_of_sixteen(const __m512i v[16]) {
    __m512i pairs[8], fours[4], halves[2];
    MW_UNROLL
    for (int i = 0; i < 8; i++) {
        const __m512i a = v[2 * i], b = v[2 * i + 1];
        pairs[i] = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    }
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const __m512i a = pairs[2 * i], b = pairs[2 * i + 1];
        fours[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    }
    // Quarters of registers: the even ones and the odd ones.
    MW_UNROLL
    for (int i = 0; i < 2; i++) {
        const __m512i a = fours[2 * i], b = fours[2 * i + 1];
        halves[i] = _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xDD));
    }
    return _mm512_add_epi32(
        _mm512_shuffle_i32x4(halves[0], halves[1], 0x88), _mm512_shuffle_i32x4(halves[0], halves[1], 0xDD));
}

/// Sums of sixteen windows; in the place of those behind the first `count` the last one's. The bytes behind a run are
/// left out: they are neither read nor counted.
TILE __m512i sums_of_windows(const mw_s8_convolution *c, const int8_t *input, size_t count, const bool are_all) {
    const __m512i ones = _mm512_set1_epi8(1);
    const size_t stride = c->column_stride;
    __m512i sums[16];
    MW_UNROLL
    for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_si512();
    for (size_t segment = 0; segment < c->segments; segment++) {
        for (size_t k = 0; k < c->segment_length; k += 64) {
            const size_t left = c->segment_length - k;
            const __mmask64 kept = left < 64 ? ((__mmask64)1 << left) - 1 : ~(__mmask64)0;
            const int8_t *from = input + c->segment_offsets[segment] + k;
            MW_UNROLL
            for (size_t i = 0; i < 16; i++) {
                sums[i] = _mm512_dpbusd_epi32(sums[i], ones, _mm512_maskz_loadu_epi8(kept, from));
                if (are_all || i + 1 < count) from += stride;
            }
        }
    }
    return sums_of_sixteen(sums);
}

/// Windows whose sums are computed together: those of some tiles.
enum { MOST_SUMS = 64 };

/// Sums of the windows of `count` positions; room for MOST_SUMS.
VNNI static void sum_inputs(const mw_s8_convolution *c, const int8_t *input, size_t count, int32_t *sums) {
    size_t done = 0;
    for (; done + 16 <= count; done += 16) {
        _mm512_storeu_si512(sums + done, sums_of_windows(c, input + done * c->column_stride, 16, true));
    }
    if (done < count) {
        _mm512_storeu_si512(sums + done, sums_of_windows(c, input + done * c->column_stride, count - done, false));
    }
}

/// All positions of a stretch by blocks first_block..<last_block; panels of blocks nearly equal: 5 are 3 and 2, not 4
/// and 1, whose second would wait for loads.
VNNI static void convolve_stretch(
    const mw_s8_convolution *c, mw_stretch stretch, size_t first_block, size_t last_block, size_t most_blocks) {
    const mw_split panels = mw_split_evenly(last_block - first_block, most_blocks);
    const mw_split heights = mw_split_evenly(stretch.positions, most_rows[mw_split_size(panels, 0)]);
    work w = {c, stretch.input, stretch.output, 0, NULL};
    int32_t input_sums[MOST_SUMS];
    size_t summed = 0, left = stretch.positions;
    for (size_t height = 0; height < heights.parts; height++) {
        const size_t rows = mw_split_size(heights, height);
        if (c->weight_zero_points != NULL) {
            if (summed < rows) {
                summed = mw_smaller(left, MOST_SUMS);
                sum_inputs(c, w.input, summed, input_sums);
                w.input_sums = input_sums;
            }
            summed -= rows;
            left -= rows;
        }
        w.block = first_block;
        for (size_t panel = 0; panel < panels.parts; panel++) {
            const size_t blocks = mw_split_size(panels, panel);
            tiles[blocks][rows](&w);
            w.block += blocks;
        }
        w.input += rows * c->column_stride;
        w.output += rows * c->output_stride;
        if (w.input_sums != NULL) w.input_sums += rows;
    }
}

/// A single position, as in dense layers: weights are used once, so the second-level cache sets the pace, and each end
/// of a tile costs some of it.
VNNI static void convolve_position(
    const mw_s8_convolution *c, mw_stretch stretch, size_t first_block, size_t last_block) {
    int32_t input_sum;
    work w = {c, stretch.input, stretch.output, first_block, NULL};
    if (c->weight_zero_points != NULL) {
        sum_inputs(c, w.input, 1, &input_sum);
        w.input_sums = &input_sum;
    }
    while (w.block < last_block) {
        const size_t blocks = mw_smaller(last_block - w.block, MOST_BLOCKS);
        tiles[blocks][1](&w);
        w.block += blocks;
    }
}

VNNI void mw_s8_convolve__avx512_vnni(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    if (first_block == last_block) return;
    if (last_position - first_position == 1) {
        const mw_stretch stretch = mw_stretch_at(c, input, output, first_position, last_position);
        convolve_position(c, stretch, first_block, last_block);
        return;
    }
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length), blocks = last_block - first_block;
    // Weights that stay in the cache all together go over each tile's input, so that output is written in order; else
    // a panel that stays there goes over all positions; where even two blocks are too much, all go over each tile.
    const size_t most_blocks = block_bytes * 4 <= c->panel_bytes || block_bytes * 2 > c->panel_bytes ? 4 : 2;
    const bool is_panel_kept = block_bytes * blocks > c->panel_bytes && block_bytes * 2 <= c->panel_bytes
        && c->weight_zero_points == NULL;
    const mw_split panels = mw_split_evenly(blocks, is_panel_kept ? most_blocks : blocks);
    size_t from = first_block;
    for (size_t panel = 0; panel < panels.parts; panel++) {
        const size_t to = from + mw_split_size(panels, panel);
        for (size_t position = first_position; position < last_position;) {
            const mw_stretch stretch = mw_stretch_at(c, input, output, position, last_position);
            convolve_stretch(c, stretch, from, to, most_blocks);
            position += stretch.positions;
        }
        from = to;
    }
}

#endif
