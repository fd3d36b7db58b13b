#ifndef MW_CONVOLUTION_REQUANTIZE_AVX2_H
#define MW_CONVOLUTION_REQUANTIZE_AVX2_H

#if defined(__x86_64__)

#include <immintrin.h>

#include "tiles.h"

#define MW_AVX2 __attribute__((target("avx2"), always_inline)) static inline

/// Eight sums of the float kind. The upper clamp comes before the conversion, which makes INT32_MIN of whatever is too
/// large or too small.
MW_AVX2 __m256i mw_requantize_float_avx2(const mw_requantization *how, size_t channel, __m256i sum) {
    const __m256 high = _mm256_set1_ps((float)(how->high - how->zero_point));
    const __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(how->scales + channel));
    return _mm256_cvtps_epi32(_mm256_min_ps(value, high));
}

/// Eight sums of the integer kinds.
MW_AVX2 __m256i mw_requantize_integer_avx2(const mw_requantization *how, size_t channel, __m256i sum) {
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    const __m256i shift = _mm256_loadu_si256((const __m256i *)(how->shifts + channel));
    const __m256i multiplier = _mm256_loadu_si256((const __m256i *)(how->multipliers + channel));
    const __m256i left = _mm256_max_epi32(shift, zero), right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
    const __m256i shifted = _mm256_sllv_epi32(sum, left);
    const __m256i saturated = _mm256_xor_si256(_mm256_srai_epi32(sum, 31), _mm256_set1_epi32(INT32_MAX));
    const __m256i fits = _mm256_cmpeq_epi32(_mm256_srav_epi32(shifted, left), sum);
    sum = _mm256_blendv_epi8(saturated, shifted, fits);

    const __m256i nudge = _mm256_set1_epi64x(1 << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sum, multiplier), nudge);
    const __m256i odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(sum, 32), _mm256_srli_epi64(multiplier, 32)), nudge);
    // Bits 31...62 of each product, the odd lanes' where the upper halves are.
    const __m256i product = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);

    const __m256i down = _mm256_srav_epi32(product, right);
    if (how->kind == MW_REQUANTIZE_TWO_STEP_UP) {
        // The highest bit that is shifted out rounds; a shift by -1 (all ones) leaves none.
        const __m256i highest = _mm256_srlv_epi32(product, _mm256_sub_epi32(right, one));
        return _mm256_add_epi32(down, _mm256_and_si256(highest, one));
    }
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
    const __m256i threshold = _mm256_add_epi32(_mm256_srli_epi32(mask, 1), _mm256_srli_epi32(product, 31));
    return _mm256_sub_epi32(down, _mm256_cmpgt_epi32(_mm256_and_si256(product, mask), threshold));
}

/// Sixteen sums of one position to bytes. Each narrowing saturates, so the clamp at the end meets what it would have
/// met in 32 bits.
MW_AVX2 __m128i mw_requantize_block_avx2(const mw_requantization *how, size_t channel, __m256i low, __m256i high) {
    if (how->kind == MW_REQUANTIZE_FLOAT) {
        low = mw_requantize_float_avx2(how, channel, low);
        high = mw_requantize_float_avx2(how, channel + 8, high);
    } else {
        low = mw_requantize_integer_avx2(how, channel, low);
        high = mw_requantize_integer_avx2(how, channel + 8, high);
    }
    // Packing works within 128 bits, which puts the quarters in the order 0, 2, 1, 3.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
    const __m256i moved = _mm256_adds_epi16(packed, _mm256_set1_epi16((int16_t)how->zero_point));
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(moved), _mm256_extracti128_si256(moved, 1));
    return _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8((int8_t)how->low)), _mm_set1_epi8((int8_t)how->high));
}

/// Bias, weight zero points, requantization and store of one position's sums.
/// - inputs: sum of the window's inputs; only with weight zero points.
MW_AVX2 void mw_finish_block_avx2(
    const mw_s8_convolution *c, size_t channel, __m256i low, __m256i high, int32_t inputs, int8_t *output) {
    const __m256i *const bias = (const __m256i *)(c->folded_bias + channel);
    low = _mm256_add_epi32(low, _mm256_loadu_si256(bias));
    high = _mm256_add_epi32(high, _mm256_loadu_si256(bias + 1));
    if (c->weight_zero_points != NULL) {
        const __m256i *const points = (const __m256i *)(c->weight_zero_points + channel);
        const __m256i all = _mm256_set1_epi32(inputs);
        low = _mm256_sub_epi32(low, _mm256_mullo_epi32(all, _mm256_loadu_si256(points)));
        high = _mm256_sub_epi32(high, _mm256_mullo_epi32(all, _mm256_loadu_si256(points + 1)));
    }
    const __m128i bytes = mw_requantize_block_avx2(&c->requantization, channel, low, high);
    if (c->channels - channel >= 16) {
        _mm_storeu_si128((__m128i *)(output + channel), bytes);
    } else {
        int8_t all[16];
        _mm_storeu_si128((__m128i *)all, bytes);
        memcpy(output + channel, all, c->channels - channel);
    }
}

#endif

#endif
