#ifndef MW_REQUANTIZE_AVX2_H
#define MW_REQUANTIZE_AVX2_H

#if defined(__x86_64__)

#include <immintrin.h>

#include "requantize.h"

#define MW_AVX2 __attribute__((target("avx2"), always_inline)) static inline

/// The constants of 8 channels.
typedef struct {
    __m256 scales;
    __m256i multipliers, left, right, mask, threshold, away;
} mw_requantize_avx2;

/// - away: -1 in lanes whose ties go away from zero.
MW_AVX2 mw_requantize_avx2 mw_requantize_avx2_of(
    __m256 scales, __m256i multipliers, __m256i shifts, __m256i away) {
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    mw_requantize_avx2 r = {.scales = scales, .multipliers = multipliers, .away = away};
    r.left = _mm256_max_epi32(shifts, zero);
    r.right = _mm256_max_epi32(_mm256_sub_epi32(zero, shifts), zero);
    r.mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, r.right), one);
    r.threshold = _mm256_srli_epi32(r.mask, 1);
    return r;
}

/// As mw_scale_two_step, and in 32 bits: a comparison instead of the addition that could leave them.
MW_AVX2 __m256i mw_scale_two_step_avx2(const mw_requantize_avx2 *r, __m256i sums) {
    const __m256i moved = _mm256_sllv_epi32(sums, r->left);
    const __m256i fits = _mm256_cmpeq_epi32(_mm256_srav_epi32(moved, r->left), sums);
    // INT32_MIN or INT32_MAX by the sign.
    const __m256i limit = _mm256_xor_si256(_mm256_srai_epi32(sums, 31), _mm256_set1_epi32(INT32_MAX));
    const __m256i x = _mm256_blendv_epi8(limit, moved, fits);
    const __m256i half = _mm256_set1_epi64x(1 << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, r->multipliers), half);
    const __m256i odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(r->multipliers, 32)), half);
    // Bits 31...62 of each.
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
    const __m256i negative = _mm256_and_si256(_mm256_srai_epi32(high, 31), r->away);
    // What is shifted out rounds up from one half on; where ties go away from zero, below zero only above one half.
    const __m256i up = _mm256_cmpgt_epi32(
        _mm256_add_epi32(_mm256_and_si256(high, r->mask), negative), r->threshold);
    return _mm256_sub_epi32(_mm256_srav_epi32(high, r->right), up);
}

MW_AVX2 __m256i mw_scale_avx2(const mw_requantize_avx2 *r, bool is_float, __m256i sums) {
    if (!is_float) return mw_scale_two_step_avx2(r, sums);
    const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), r->scales);
    // What is too small for an integer becomes the smallest one, and too large likewise: hence only that is cut off.
    return _mm256_cvtps_epi32(_mm256_min_ps(scaled, _mm256_set1_ps(MW_REQUANTIZE_BOUND)));
}

/// Zero point, low and high of a tensor, in registers.
typedef struct {
    __m256i zero_point, low, high;
} mw_pack_constants_avx2;

MW_AVX2 mw_pack_constants_avx2 mw_pack_constants_avx2_of(int32_t zero_point, int32_t low, int32_t high) {
    return (mw_pack_constants_avx2){
        _mm256_set1_epi16((short)zero_point), _mm256_set1_epi8((char)low), _mm256_set1_epi8((char)high)};
}

/// Four scaled vectors to 32 bytes, in their order. Each step saturates, so the clamp meets what it would have met in
/// 32 bits.
MW_AVX2 __m256i mw_pack_avx2(const mw_pack_constants_avx2 *p, __m256i v0, __m256i v1, __m256i v2, __m256i v3) {
    const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(v0, v1), p->zero_point);
    const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(v2, v3), p->zero_point);
    const __m256i bytes = _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(low, high), p->low), p->high);
    // Packing goes by halves of the register.
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

#endif

#endif
