#ifndef MW_CONVOLUTION_FINISH_AVX512_H
#define MW_CONVOLUTION_FINISH_AVX512_H

// From a tile's sums to bytes.

#if defined(__x86_64__)

#include "../requantize/requantize_avx512.h"
#include "tiles.h"

#define VNNI __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")))
#define TILE VNNI static inline __attribute__((always_inline))

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

/// The residuals of one position and a block, in the output's scale.
TILE __m512 residual_of(const mw_s8_convolution *c, const int8_t *output, __mmask16 kept) {
    const __m512i wide = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(kept, output + c->residual_distance));
    return _mm512_mul_ps(
        _mm512_cvtepi32_ps(_mm512_sub_epi32(wide, _mm512_set1_epi32(c->residual_zero_point))),
        _mm512_set1_ps(c->residual_scale));
}

/// The less usual ways from sums to bytes, [rows][blocks][16] sums: four positions of a block at once.
TILE void finish_kind(
    const work *w, const __m512i *sums, int rows, int blocks, const mw_requantize_kind kind, const bool has_residual) {
    const mw_s8_convolution *const c = w->c;
    const mw_requantization *const how = &c->requantization;
    const mw_scaling scaling = kind == MW_REQUANTIZE_FLOAT ? MW_SCALE_FLOAT
        : mw_is_integer(kind)                              ? MW_SCALE_INTEGER
                                                           : MW_SCALE_TWO_STEP;
    const __m512i zero = _mm512_setzero_si512(), away = mw_is_away(kind) ? _mm512_set1_epi32(-1) : zero;
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (int b = 0; b < blocks; b++) {
        const size_t channel = (w->block + (size_t)b) * 16, count = mw_smaller(c->channels - channel, 16);
        const __mmask16 kept = (__mmask16)((1u << count) - 1);
        int8_t *to = w->output + channel;
        const mw_requantize_avx512 constants = scaling == MW_SCALE_FLOAT
            ? mw_requantize_avx512_of(how, _mm512_loadu_ps(how->scales + channel), zero, zero, zero)
            : scaling == MW_SCALE_INTEGER
            ? mw_requantize_integer_avx512_of(
                  how, _mm512_loadu_si512(how->multipliers + channel), _mm512_loadu_si512(how->shifts + channel), away)
            : mw_requantize_avx512_of(
                  how, _mm512_setzero_ps(), _mm512_loadu_si512(how->multipliers + channel),
                  _mm512_loadu_si512(how->shifts + channel), away);
        const bool has_points = w->input_sums != NULL;
        const __m512i points = has_points ? _mm512_loadu_si512(c->weight_zero_points + channel) : zero;
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
                if (has_residual) {
                    const int8_t *const output = w->output + channel + (size_t)row * c->output_stride;
                    v[i] = mw_round_avx512(_mm512_add_ps(
                        _mm512_mul_ps(_mm512_cvtepi32_ps(sum), constants.scales), residual_of(c, output, kept)));
                } else {
                    v[i] = mw_scale_avx512(&constants, scaling, sum);
                }
            }
            __m512i bytes =
                _mm512_permutexvar_epi32(order, mw_pack_avx512(&constants.pack, v[0], v[1], v[2], v[3]));
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
        case MW_REQUANTIZE_FLOAT:
            if (w->c->residual_scale != 0) return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_FLOAT, true);
            return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_FLOAT, false);
        case MW_REQUANTIZE_TWO_STEP: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_TWO_STEP, false);
        case MW_REQUANTIZE_TWO_STEP_UP: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_TWO_STEP_UP, false);
        case MW_REQUANTIZE_INTEGER: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_INTEGER, false);
        case MW_REQUANTIZE_INTEGER_AWAY: return finish_kind(w, sums, rows, blocks, MW_REQUANTIZE_INTEGER_AWAY, false);
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

/// Four vectors of sums as their kind says, in parts: what lay near an edge.
/// - width: vector i is of the block i % width behind the one of `channel`.
VNNI static __attribute__((noinline, cold)) void finish_near(
    const mw_requantization *how, size_t channel, size_t width, __m512i v[4]) {
    const __m512i away = _mm512_set1_epi32(mw_is_away(how->kind) ? -1 : 0);
    const mw_scaling scaling = mw_is_integer(how->kind) ? MW_SCALE_INTEGER : MW_SCALE_TWO_STEP;
    for (size_t i = 0; i < 4; i++) {
        const size_t of = channel + 16 * (i % width);
        const __m512i multipliers = _mm512_loadu_si512(how->multipliers + of);
        const __m512i shifts = _mm512_loadu_si512(how->shifts + of);
        const mw_requantize_avx512 constants = scaling == MW_SCALE_INTEGER
            ? mw_requantize_integer_avx512_of(how, multipliers, shifts, away)
            : mw_requantize_avx512_of(how, _mm512_setzero_ps(), multipliers, shifts, away);
        v[i] = mw_parts_avx512(mw_scale_avx512(&constants, scaling, v[i]));
    }
}

/// By float scales, without weight zero points and with them; by integers, whose offset is one for all; by two steps, ties
/// up; the same, ties away from zero.
typedef enum { FINISH_FLOAT, FINISH_FLOAT_POINTS, FINISH_INTEGER, FINISH_TWO_STEP_UP, FINISH_TWO_STEP } finish_way;

/// Four vectors of sums as MW_REQUANTIZE_INTEGER and two steps have them, most of them by the quicker way, to bytes.
/// - fixed: a copy of what `how` points to, which stores of bytes are known not to change.
/// - width: vector i is of the block i % width behind the one of `channel`.
TILE __m512i fixed_bytes(
    const mw_requantization *how, const mw_requantization *fixed, const mw_pack_constants_avx512 *pack, size_t channel,
    const int width, const finish_way way, const __m512i sums[4]) {
    __m512i v[4];
    MW_UNROLL
    for (int i = 0; i < 4; i++) {
        const size_t of = channel + 16 * (size_t)(i % width);
        __m512 offsets = _mm512_loadu_ps(fixed->fixed_offsets + (way == FINISH_INTEGER ? 0 : of));
        if (way == FINISH_TWO_STEP) {
            offsets = _mm512_mask_loadu_ps(
                offsets, _mm512_cmplt_epi32_mask(sums[i], _mm512_setzero_si512()), fixed->fixed_negative_offsets + of);
        }
        v[i] = mw_scale_fixed_avx512(sums[i], _mm512_loadu_ps(fixed->fixed_scales + of), offsets);
    }
    if (mw_is_near_avx512(v[0], v[1], v[2], v[3], _mm512_set1_epi32(fixed->fixed_near))) {
        __m512i again[4] = {sums[0], sums[1], sums[2], sums[3]};
        finish_near(how, channel, (size_t)width, again);
        MW_UNROLL
        for (int i = 0; i < 4; i++) v[i] = again[i];
    }
    return mw_pack_fixed_avx512(pack, v[0], v[1], v[2], v[3]);
}

/// The usual ways, without residuals: float scales below 1, and integers without zero points by the quicker way. Four
/// vectors at once make 64 bytes: one position of up to four blocks, two of two, four of one.
TILE void finish_usual(
    const work *w, const __m512i *sums, const int rows, const int blocks, const finish_way way) {
    const mw_s8_convolution *const c = w->c;
    const mw_requantization *const how = &c->requantization;
    const size_t channel = w->block * 16, count = mw_smaller(c->channels - channel, (size_t)blocks * 16);
    int8_t *const output = w->output + channel;
    const int width = blocks < 3 ? blocks : 4, at_once = 4 / width;
    // Vector by vector again; the eight channels of a narrow layer leave no room behind them.
    const bool is_half = blocks == 1 && c->output_stride == 8 && count == 8;
    const __m512i order = is_half ? _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0)
                                  : _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const mw_pack_constants_avx512 pack = mw_pack_constants_avx512_of(how);
    const mw_requantization fixed = *how;
    const size_t stride = c->output_stride;
    MW_UNROLL
    for (int r = 0; r < rows; r += at_once) {
        MW_UNROLL
        for (int first = 0; first < blocks; first += 4) {
            __m512i v[4];
            MW_UNROLL
            for (int i = 0; i < 4; i++) {
                const int row = r + i / width, b = first + i % width;
                const bool is_there = row < rows && b < blocks;
                if (way != FINISH_FLOAT && way != FINISH_FLOAT_POINTS) {
                    // In the place of what is not there, what is.
                    v[i] = is_there ? sums[row * blocks + b] : sums[r * blocks + first];
                } else if (is_there) {
                    const __m512 scales = _mm512_loadu_ps(how->scales + channel + 16 * (size_t)b);
                    __m512i sum = sums[row * blocks + b];
                    if (way == FINISH_FLOAT_POINTS) {
                        const __m512i points = _mm512_loadu_si512(c->weight_zero_points + channel + 16 * (size_t)b);
                        const __m512i inputs = _mm512_set1_epi32(w->input_sums[row]);
                        sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(points, inputs));
                    }
                    v[i] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales));
                } else {
                    v[i] = _mm512_setzero_si512();
                }
            }
            const int there = blocks - first < width ? blocks - first : width;
            const __m512i packed = way == FINISH_FLOAT || way == FINISH_FLOAT_POINTS
                ? mw_pack_avx512(&pack, v[0], v[1], v[2], v[3])
                : fixed_bytes(how, &fixed, &pack, channel + 16 * (size_t)first, there, way, v);
            const __m512i bytes = _mm512_permutexvar_epi32(order, packed);
            int8_t *const to = output + (size_t)r * stride + first * 16;
            const int left = rows - r < at_once ? rows - r : at_once;
            if (is_half) store_masked(to, bytes, (size_t)left * 8);
            else store_rows(to, stride, bytes, count - (size_t)first * 16, left, width);
        }
    }
}

#endif

#endif
