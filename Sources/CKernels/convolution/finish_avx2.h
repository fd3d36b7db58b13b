#ifndef MW_CONVOLUTION_FINISH_AVX2_H
#define MW_CONVOLUTION_FINISH_AVX2_H

// From a tile's sums to bytes.

#if defined(__x86_64__)

#include "../requantize/requantize_avx2.h"
#include "tiles.h"

/// The constants of a block's 16 channels, in two halves.
typedef struct {
    mw_requantize_avx2 scaling[2];
    mw_pack_constants_avx2 pack;
    __m256i bias[2], points[2];
    bool has_points;
    /// Channels that there are.
    size_t count;
} mw_finish_avx2;

MW_AVX2 mw_finish_avx2 mw_finish_avx2_of(
    const mw_s8_convolution *c, size_t channel, const mw_requantize_kind kind) {
    const mw_requantization *const how = &c->requantization;
    const __m256i zero = _mm256_setzero_si256();
    const __m256i away = _mm256_set1_epi32(mw_is_away(kind) ? -1 : 0);
    mw_finish_avx2 f = {
        .pack = mw_pack_constants_avx2_of(how->zero_point, how->low, how->high),
        .has_points = c->weight_zero_points != NULL,
        .count = mw_smaller(c->channels - channel, 16)};
    for (size_t half = 0; half < 2; half++, channel += 8) {
        f.bias[half] = _mm256_loadu_si256((const __m256i *)(c->folded_bias + channel));
        f.points[half] =
            f.has_points ? _mm256_loadu_si256((const __m256i *)(c->weight_zero_points + channel)) : zero;
        f.scaling[half] = kind == MW_REQUANTIZE_FLOAT
            ? mw_requantize_avx2_of(_mm256_loadu_ps(how->scales + channel), zero, zero, zero)
            : mw_requantize_avx2_of(
                  _mm256_setzero_ps(), _mm256_loadu_si256((const __m256i *)(how->multipliers + channel)),
                  _mm256_loadu_si256((const __m256i *)(how->shifts + channel)), away);
    }
    return f;
}

/// One half of one position's residuals, in the output's scale.
/// - output: of the position and the block's first channel.
MW_AVX2 __m256 mw_residual_avx2(const mw_s8_convolution *c, const int8_t *output, int half, size_t count) {
    int8_t bytes[8] = {0};
    const size_t first = (size_t)half * 8;
    if (count > first) memcpy(bytes, output + c->residual_distance + first, mw_smaller(count - first, 8));
    const __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)bytes));
    return _mm256_mul_ps(
        _mm256_cvtepi32_ps(_mm256_sub_epi32(wide, _mm256_set1_epi32(c->residual_zero_point))),
        _mm256_set1_ps(c->residual_scale));
}

/// One half of one position's sums, scaled.
/// - inputs: sum of the window's inputs; only with weight zero points.
/// - output: of the position and the block's first channel; only with a residual.
MW_AVX2 __m256i mw_finish_half_avx2(
    const mw_s8_convolution *c, const mw_finish_avx2 *f, int half, const mw_scaling_avx2 scaling, __m256i sums,
    int32_t inputs, const int8_t *output) {
    sums = _mm256_add_epi32(sums, f->bias[half]);
    if (f->has_points) {
        sums = _mm256_sub_epi32(sums, _mm256_mullo_epi32(_mm256_set1_epi32(inputs), f->points[half]));
    }
    if (scaling == MW_SCALE_FLOAT_AVX2 && c->residual_scale != 0) {
        const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), f->scaling[half].scales);
        return mw_round_avx2(_mm256_add_ps(scaled, mw_residual_avx2(c, output, half, f->count)));
    }
    return mw_scale_avx2(&f->scaling[half], scaling, sums);
}

MW_AVX2 void mw_store_block_avx2(int8_t *to, __m128i bytes, size_t count) {
    if (count == 16) {
        _mm_storeu_si128((__m128i *)to, bytes);
    } else {
        int8_t all[16];
        _mm_storeu_si128((__m128i *)all, bytes);
        memcpy(to, all, count);
    }
}

MW_AVX2 void mw_finish_kind_avx2(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t channel, __m256i (*sums)[2], const int rows,
    const mw_requantize_kind kind) {
    const mw_finish_avx2 f = mw_finish_avx2_of(c, channel, kind);
    const mw_scaling_avx2 scaling = mw_scaling_avx2_of(kind);
    int32_t inputs[8] = {0};
    if (f.has_points) {
        for (int r = 0; r < rows; r++) inputs[r] = mw_sum_window(c, input + (size_t)r * c->column_stride);
    }
    MW_UNROLL
    for (int r = 0; r < rows; r += 2) {
        __m256i v[4];
        MW_UNROLL
        for (int i = 0; i < 2; i++) {
            const int row = r + i < rows ? r + i : r;
            const int8_t *const to = output + (size_t)row * c->output_stride;
            v[2 * i] = mw_finish_half_avx2(c, &f, 0, scaling, sums[row][0], inputs[row], to);
            v[2 * i + 1] = mw_finish_half_avx2(c, &f, 1, scaling, sums[row][1], inputs[row], to);
        }
        const __m256i bytes = mw_pack_avx2(&f.pack, v[0], v[1], v[2], v[3]);
        mw_store_block_avx2(output + (size_t)r * c->output_stride, _mm256_castsi256_si128(bytes), f.count);
        if (r + 1 == rows) break;
        mw_store_block_avx2(output + (size_t)(r + 1) * c->output_stride, _mm256_extracti128_si256(bytes, 1), f.count);
    }
}

/// The quicker way, without weight zero points.
MW_AVX2 void mw_finish_fixed_kind_avx2(
    const mw_s8_convolution *c, int8_t *output, size_t channel, const __m256i (*sums)[2], int rows,
    const bool is_signed) {
    const mw_requantization *const how = &c->requantization;
    const mw_pack_constants_avx2 pack = mw_pack_constants_avx2_of(how->zero_point, how->low, how->high);
    const mw_fixed_avx2 fixed[2] = {
        mw_fixed_avx2_of(how, channel, is_signed), mw_fixed_avx2_of(how, channel + 8, is_signed)};
    const __m256i *const folded = (const __m256i *)(c->folded_bias + channel);
    const __m256i bias[2] = {_mm256_loadu_si256(folded), _mm256_loadu_si256(folded + 1)};
    const __m256i near = _mm256_set1_epi32(how->fixed_near);
    const size_t count = mw_smaller(c->channels - channel, 16), stride = c->output_stride;
    for (int r = 0; r < rows; r += 2) {
        __m256i whole[4], v[4];
        MW_UNROLL
        for (int i = 0; i < 4; i++) {
            const int row = r + i / 2 < rows ? r + i / 2 : r;
            whole[i] = _mm256_add_epi32(sums[row][i % 2], bias[i % 2]);
            v[i] = mw_scale_fixed_avx2(&fixed[i % 2], is_signed, whole[i]);
        }
        if (mw_is_near_avx2(v, near)) {
            const __m256i away = _mm256_set1_epi32(mw_is_away(how->kind) ? -1 : 0), both[2] = {away, away};
            const int32_t *const multipliers[2] = {how->multipliers + channel, how->multipliers + channel + 8};
            const int32_t *const shifts[2] = {how->shifts + channel, how->shifts + channel + 8};
            __m256i again[4] = {whole[0], whole[1], whole[2], whole[3]};
            mw_scale_near_avx2(how->kind, multipliers, shifts, both, again);
            MW_UNROLL
            for (int i = 0; i < 4; i++) v[i] = again[i];
        }
        const __m256i bytes = mw_pack_fixed_avx2(&pack, v);
        mw_store_block_avx2(output + (size_t)r * stride, _mm256_castsi256_si128(bytes), count);
        if (r + 1 == rows) break;
        mw_store_block_avx2(output + (size_t)(r + 1) * stride, _mm256_extracti128_si256(bytes, 1), count);
    }
}

/// A function by itself: within a tile, what it needs for sums near an edge would cost the tile's loop registers.
__attribute__((target("avx2,fma"), noinline)) static void mw_finish_fixed_avx2(
    const mw_s8_convolution *c, int8_t *output, size_t channel, const __m256i (*sums)[2], int rows) {
    const bool is_signed = c->requantization.fixed_negative_offsets != NULL;
    if (is_signed) mw_finish_fixed_kind_avx2(c, output, channel, sums, rows, true);
    else mw_finish_fixed_kind_avx2(c, output, channel, sums, rows, false);
}

/// Bias, weight zero points, requantization and store of the sums of `rows` positions, [rows][2] vectors: two positions
/// at once.
MW_AVX2 void mw_finish_rows_avx2(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block, __m256i (*sums)[2], const int rows) {
    const size_t channel = block * 16;
    int8_t *const to = output + channel;
    if (c->requantization.fixed_scales != NULL && c->weight_zero_points == NULL) {
        __m256i kept[8][2];
        MW_UNROLL
        for (int r = 0; r < rows; r++) {
            kept[r][0] = sums[r][0];
            kept[r][1] = sums[r][1];
        }
        mw_finish_fixed_avx2(c, to, channel, (const __m256i(*)[2])kept, rows);
        return;
    }
    switch (c->requantization.kind) {
    case MW_REQUANTIZE_FLOAT: mw_finish_kind_avx2(c, input, to, channel, sums, rows, MW_REQUANTIZE_FLOAT); break;
    case MW_REQUANTIZE_TWO_STEP: mw_finish_kind_avx2(c, input, to, channel, sums, rows, MW_REQUANTIZE_TWO_STEP); break;
    case MW_REQUANTIZE_TWO_STEP_UP:
        mw_finish_kind_avx2(c, input, to, channel, sums, rows, MW_REQUANTIZE_TWO_STEP_UP);
        break;
    case MW_REQUANTIZE_INTEGER: mw_finish_kind_avx2(c, input, to, channel, sums, rows, MW_REQUANTIZE_INTEGER); break;
    case MW_REQUANTIZE_INTEGER_AWAY:
        mw_finish_kind_avx2(c, input, to, channel, sums, rows, MW_REQUANTIZE_INTEGER_AWAY);
        break;
    }
}

#endif

#endif
