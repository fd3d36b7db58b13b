#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"
#include "tiles.h"

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512vnni")))
#define TILE VNNI static inline __attribute__((always_inline))

// vpdpbusd multiplies unsigned by signed bytes, so the input is moved up by 128 (its top bit flipped) and 128 times the
// weights' sum is taken off the folded bias beforehand. It adds four products, each at most 255 * 128, in 32 bits
// without saturation; layout.h has the bound of a whole window.

enum { MOST_ROWS = 16, MOST_BLOCKS = 8, MOST_PHASES = 4 };

/// What a tile computes: positions from `input` on, all blocks of the tile from `block` on.
typedef struct {
    const mw_s8_convolution *c;
    const int8_t *input;
    int8_t *output;
    size_t block;
    /// Sums of the windows' inputs, one a position; only with weight zero points.
    const int32_t *input_sums;
} work;

/// Constants of the integer kinds for 16 channels.
typedef struct {
    __m512i multiplier, multiplier_odd, left, right, mask, threshold;
    bool has_left;
} factors;

TILE factors load_factors(const mw_requantization *how, size_t channel) {
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    const __m512i shift = _mm512_loadu_si512(how->shifts + channel);
    factors f;
    f.multiplier = _mm512_loadu_si512(how->multipliers + channel);
    f.multiplier_odd = _mm512_srli_epi64(f.multiplier, 32);
    f.left = _mm512_max_epi32(shift, zero);
    f.right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
    f.mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, f.right), one);
    f.threshold = _mm512_srli_epi32(f.mask, 1);
    f.has_left = _mm512_cmpgt_epi32_mask(shift, zero) != 0;
    return f;
}

TILE __m512i shift_left(const factors *f, __m512i sum) {
    const __m512i shifted = _mm512_sllv_epi32(sum, f->left);
    const __m512i saturated = _mm512_xor_si512(_mm512_srai_epi32(sum, 31), _mm512_set1_epi32(INT32_MAX));
    const __mmask16 fits = _mm512_cmpeq_epi32_mask(_mm512_srav_epi32(shifted, f->left), sum);
    return _mm512_mask_blend_epi32(fits, saturated, shifted);
}

TILE __m512i scale_integer(const factors *f, __m512i sum, const mw_requantize_kind kind) {
    if (f->has_left) sum = shift_left(f, sum);
    const __m512i one = _mm512_set1_epi32(1), nudge = _mm512_set1_epi64(1 << 30);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, f->multiplier), nudge);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sum, 32), f->multiplier_odd), nudge);
    // Bits 31...62 of each product, the odd lanes' where the upper halves are.
    const __m512i product = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    // What is shifted out rounds up above one half; a half itself does where ties go up, or away from zero and above it.
    __m512i remainder = _mm512_and_si512(product, f->mask);
    if (kind == MW_REQUANTIZE_TWO_STEP) remainder = _mm512_add_epi32(remainder, _mm512_srai_epi32(product, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(remainder, f->threshold);
    const __m512i down = _mm512_srav_epi32(product, f->right);
    return _mm512_mask_add_epi32(down, up, down, one);
}

/// Bytes of four vectors of converted sums: narrowed with saturation, zero point added, clamped. Packing works within
/// 128 bits: double word 4 * i + j is part i of vector j.
TILE __m512i narrow(const mw_requantization *how, const __m512i v[4]) {
    const __m512i zero_point = _mm512_set1_epi16((int16_t)how->zero_point);
    const __m512i a = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), zero_point);
    const __m512i b = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), zero_point);
    const __m512i bytes = _mm512_packs_epi16(a, b);
    if (how->low == -128 && how->high == 127) return bytes;
    return _mm512_min_epi8(
        _mm512_max_epi8(bytes, _mm512_set1_epi8((int8_t)how->low)), _mm512_set1_epi8((int8_t)how->high));
}

/// The less usual ways from sums to bytes, [rows][blocks][16] sums: four positions of a block at once.
TILE void finish_kind(const work *w, const __m512i *sums, int rows, int blocks, const mw_requantize_kind kind) {
    const mw_s8_convolution *const c = w->c;
    const mw_requantization *const how = &c->requantization;
    // The upper clamp comes before the conversion, which makes INT32_MIN of whatever is too large or too small.
    const __m512 high = _mm512_set1_ps((float)(how->high - how->zero_point));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (int b = 0; b < blocks; b++) {
        const size_t channel = (w->block + (size_t)b) * 16, count = mw_smaller(c->channels - channel, 16);
        const __mmask16 kept = (__mmask16)((1u << count) - 1);
        int8_t *to = w->output + channel;
        factors f = {0};
        __m512 scales = _mm512_setzero_ps();
        if (kind == MW_REQUANTIZE_FLOAT) scales = _mm512_loadu_ps(how->scales + channel);
        else f = load_factors(how, channel);
        const bool has_points = w->input_sums != NULL;
        const __m512i points =
            has_points ? _mm512_loadu_si512(c->weight_zero_points + channel) : _mm512_setzero_si512();
        for (int r = 0; r < rows; r += 4) {
            __m512i v[4];
            MW_UNROLL
            for (int i = 0; i < 4; i++) {
                const int row = r + i < rows ? r + i : r;
                __m512i sum = sums[row * blocks + b];
                if (has_points) {
                    const __m512i inputs = _mm512_set1_epi32(w->input_sums[row]);
                    sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(points, inputs));
                }
                v[i] = kind == MW_REQUANTIZE_FLOAT
                    ? _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales), high))
                    : scale_integer(&f, sum, kind);
            }
            __m512i bytes = _mm512_permutexvar_epi32(order, narrow(how, v));
            for (int i = r; i < rows && i < r + 4; i++, to += c->output_stride) {
                if (count == 16) _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
                else _mm_mask_storeu_epi8(to, kept, _mm512_castsi512_si128(bytes));
                bytes = _mm512_alignr_epi32(bytes, bytes, 4);
            }
        }
    }
}

VNNI static __attribute__((noinline)) void finish(const work *w, const __m512i *sums, int rows, int blocks) {
    switch (w->c->requantization.kind) {
        case MW_REQUANTIZE_FLOAT: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_FLOAT);
        case MW_REQUANTIZE_TWO_STEP: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_TWO_STEP);
        case MW_REQUANTIZE_TWO_STEP_UP: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_TWO_STEP_UP);
    }
}

/// Whether `scales` of `blocks` blocks are all within -1...1, the ends left out: then no product leaves 32 bits.
TILE bool are_fractions(const float *scales, const int blocks) {
    __mmask16 all = 0xFFFF;
    MW_UNROLL
    for (int b = 0; b < blocks; b++) {
        const __m512 magnitude = _mm512_abs_ps(_mm512_loadu_ps(scales + 16 * b));
        all &= _mm512_cmp_ps_mask(magnitude, _mm512_set1_ps(1), _CMP_LT_OQ);
    }
    return all == 0xFFFF;
}

TILE void store_masked(int8_t *to, __m512i bytes, size_t count) {
    if (count >= 64) _mm512_storeu_si512(to, bytes);
    else _mm512_mask_storeu_epi8(to, ((__mmask64)1 << count) - 1, bytes);
}

/// 64 bytes that are `rows` positions of `width` blocks.
TILE void store_rows(int8_t *to, size_t stride, __m512i bytes, size_t count, const int rows, const int width) {
    if (width == 4) {
        store_masked(to, bytes, count);
    } else if (stride == (size_t)width * 16 && count == stride) {
        // Nothing between neighbouring positions.
        store_masked(to, bytes, (size_t)rows * stride);
    } else if (width == 2) {
        const __m256i low = _mm512_castsi512_si256(bytes), high = _mm512_extracti64x4_epi64(bytes, 1);
        const __mmask32 kept = count >= 32 ? 0xFFFFFFFF : (__mmask32)(((uint64_t)1 << count) - 1);
        if (count >= 32) {
            _mm256_storeu_si256((__m256i *)to, low);
            if (rows > 1) _mm256_storeu_si256((__m256i *)(to + stride), high);
        } else {
            _mm256_mask_storeu_epi8(to, kept, low);
            if (rows > 1) _mm256_mask_storeu_epi8(to + stride, kept, high);
        }
    } else {
        const __mmask16 kept = count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1);
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            const __m128i part = r == 0 ? _mm512_castsi512_si128(bytes)
                : r == 1 ? _mm512_extracti32x4_epi32(bytes, 1)
                : r == 2 ? _mm512_extracti32x4_epi32(bytes, 2)
                         : _mm512_extracti32x4_epi32(bytes, 3);
            if (count >= 16) _mm_storeu_si128((__m128i *)(to + (size_t)r * stride), part);
            else _mm_mask_storeu_epi8(to + (size_t)r * stride, kept, part);
        }
    }
}

/// The usual way: float scales below 1, no weight zero points. Four vectors at once make 64 bytes: one position of
/// up to four blocks, two of two, four of one.
TILE void finish_float(const work *w, const __m512i *sums, const int rows, const int blocks) {
    const mw_s8_convolution *const c = w->c;
    const float *const scales = c->requantization.scales + w->block * 16;
    const size_t count = mw_smaller(c->channels - w->block * 16, (size_t)blocks * 16);
    int8_t *const output = w->output + w->block * 16;
    const int width = blocks < 3 ? blocks : 4, at_once = 4 / width;
    // Vector by vector again; the eight channels of a narrow layer leave no room behind them.
    const bool is_half = blocks == 1 && c->output_stride == 8 && count == 8;
    const __m512i order = is_half ? _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0)
                                  : _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    MW_UNROLL
    for (int r = 0; r < rows; r += at_once) {
        MW_UNROLL
        for (int first = 0; first < blocks; first += 4) {
            __m512i v[4];
            MW_UNROLL
            for (int i = 0; i < 4; i++) {
                const int row = r + i / width, b = first + i % width;
                v[i] = row < rows && b < blocks
                    ? _mm512_cvtps_epi32(
                          _mm512_mul_ps(_mm512_cvtepi32_ps(sums[row * blocks + b]), _mm512_loadu_ps(scales + 16 * b)))
                    : _mm512_setzero_si512();
            }
            const __m512i bytes = _mm512_permutexvar_epi32(order, narrow(&c->requantization, v));
            int8_t *const to = output + (size_t)r * c->output_stride + first * 16;
            const int left = rows - r < at_once ? rows - r : at_once;
            if (is_half) store_masked(to, bytes, (size_t)left * 8);
            else store_rows(to, c->output_stride, bytes, count - (size_t)first * 16, left, width);
        }
    }
}

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
    if (c->requantization.kind == MW_REQUANTIZE_FLOAT && c->weight_zero_points == NULL
        && are_fractions(c->requantization.scales + w->block * 16, blocks)) {
        finish_float(w, sums[0], rows, blocks);
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

/// Sums of the windows of `rows` positions, the bytes behind a run left out.
VNNI static void sum_inputs(const mw_s8_convolution *c, const int8_t *input, size_t rows, int32_t *sums) {
    const __m512i ones = _mm512_set1_epi8(1), flip = _mm512_set1_epi8((char)0x80);
    const int32_t moved = (int32_t)(c->segments * c->segment_length) * 128;
    for (size_t r = 0; r < rows; r++) {
        __m512i sum = _mm512_setzero_si512();
        for (size_t segment = 0; segment < c->segments; segment++) {
            const int8_t *const run = input + r * c->column_stride + c->segment_offsets[segment];
            for (size_t k = 0; k < c->segment_length; k += 64) {
                const size_t count = mw_smaller(c->segment_length - k, 64);
                const __mmask64 kept = count == 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
                // Bytes left out are neither read nor, being 0 after the flip, counted.
                const __m512i x = _mm512_maskz_loadu_epi8(kept, run + k);
                sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_mov_epi8(kept, _mm512_xor_si512(x, flip)), ones);
            }
        }
        sums[r] = _mm512_reduce_add_epi32(sum) - moved;
    }
}

/// Weights that a tile may go through again and again without leaving the first-level cache, beside its input.
enum { PANEL_BYTES = 24 << 10 };

/// All positions of a stretch by blocks first_block..<last_block; panels of blocks nearly equal: 5 are 3 and 2, not 4
/// and 1, whose second would wait for loads.
VNNI static void convolve_stretch(
    const mw_s8_convolution *c, mw_stretch stretch, size_t first_block, size_t last_block, size_t most_blocks) {
    const mw_split panels = mw_split_evenly(last_block - first_block, most_blocks);
    const mw_split heights = mw_split_evenly(stretch.positions, most_rows[mw_split_size(panels, 0)]);
    work w = {c, stretch.input, stretch.output, 0, NULL};
    int32_t input_sums[MOST_ROWS];
    for (size_t height = 0; height < heights.parts; height++) {
        const size_t rows = mw_split_size(heights, height);
        if (c->weight_zero_points != NULL) {
            sum_inputs(c, w.input, rows, input_sums);
            w.input_sums = input_sums;
        }
        w.block = first_block;
        for (size_t panel = 0; panel < panels.parts; panel++) {
            const size_t blocks = mw_split_size(panels, panel);
            tiles[blocks][rows](&w);
            w.block += blocks;
        }
        w.input += rows * c->column_stride;
        w.output += rows * c->output_stride;
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
    const size_t most_blocks = block_bytes * 4 <= PANEL_BYTES || block_bytes * 2 > PANEL_BYTES ? 4 : 2;
    const bool is_panel_kept = block_bytes * blocks > PANEL_BYTES && block_bytes * 2 <= PANEL_BYTES
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
