#ifndef MW_REQUANTIZE_AVX512_H
#define MW_REQUANTIZE_AVX512_H

#if defined(__x86_64__)

#include <immintrin.h>

#include "requantize.h"

#define MW_AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw"), always_inline)) static inline

/// Zero point, low and high of a tensor, in registers.
typedef struct {
    __m512i zero_point, low, high;
    /// Whether low or high is tighter than int8 itself, which packing clamps to.
    bool is_clamped;
} mw_pack_constants_avx512;

MW_AVX512 mw_pack_constants_avx512 mw_pack_constants_avx512_of(const mw_requantization *how) {
    return (mw_pack_constants_avx512){
        _mm512_set1_epi16((short)how->zero_point), _mm512_set1_epi8((char)how->low), _mm512_set1_epi8((char)how->high),
        how->low > -128 || how->high < 127};
}

/// The constants of 16 channels, in registers for as long as a kernel stays with them.
typedef struct {
    __m512 scales;
    __m512i multipliers, left, right, mask, threshold, away;
    /// For integers: what a sum is held within, beyond which its product is clamped anyway; half of 2^right, of even and
    /// of odd lanes; shifts of odd lanes; 1 in lanes whose negative products lose 1.
    __m512i limit, half_even, half_odd, right_odd, lowered;
    /// Whether a lane's sum can leave 32 bits by its factor, and whether a lane's negative products lose 1.
    bool has_left, has_lowered;
    /// For MW_SCALE_FIXED, which takes `scales` of its own.
    __m512 offsets, negative_offsets;
    __m512i near;
    mw_pack_constants_avx512 pack;
} mw_requantize_avx512;

typedef enum {
    /// In float by factors below 1, so that the result fits 32 bits as the sum does.
    MW_SCALE_DOWN,
    MW_SCALE_FLOAT,
    MW_SCALE_TWO_STEP,
    MW_SCALE_INTEGER,
    /// Either of the two, the quicker way: mw_requantization_fixed.
    MW_SCALE_FIXED,
    /// The same where sums below zero have offsets of their own.
    MW_SCALE_FIXED_SIGNED,
} mw_scaling;

/// Of each vector what the kind of scaling wants; away: -1 in lanes whose ties go away from zero.
MW_AVX512 mw_requantize_avx512 mw_requantize_avx512_of(
    const mw_requantization *how, __m512 scales, __m512i multipliers, __m512i shifts, __m512i away) {
    mw_requantize_avx512 r = {.pack = mw_pack_constants_avx512_of(how)};
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    r.scales = scales;
    r.multipliers = multipliers;
    r.left = _mm512_max_epi32(shifts, zero);
    r.has_left = _mm512_cmpgt_epi32_mask(shifts, zero) != 0;
    r.right = _mm512_max_epi32(_mm512_sub_epi32(zero, shifts), zero);
    r.mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, r.right), one);
    r.threshold = _mm512_srli_epi32(r.mask, 1);
    r.away = away;
    return r;
}

/// The same for MW_SCALE_INTEGER.
MW_AVX512 mw_requantize_avx512 mw_requantize_integer_avx512_of(
    const mw_requantization *how, __m512i multipliers, __m512i shifts, __m512i away) {
    mw_requantize_avx512 r = {.pack = mw_pack_constants_avx512_of(how)};
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1), low = _mm512_set1_epi64(0xFFFFFFFF);
    const __m512i right = _mm512_sub_epi32(zero, shifts);
    const __m512i half = _mm512_srli_epi32(_mm512_sllv_epi32(one, right), 1);
    r.multipliers = multipliers;
    r.right = _mm512_and_si512(right, low);
    r.right_odd = _mm512_srli_epi64(right, 32);
    r.half_even = _mm512_and_si512(half, low);
    r.half_odd = _mm512_srli_epi64(half, 32);
    // A tie needs a shift, and a product below zero a multiplier.
    const __mmask16 can_tie = _mm512_cmpgt_epi32_mask(right, zero) & _mm512_cmpgt_epi32_mask(multipliers, zero);
    r.lowered = _mm512_maskz_mov_epi32(can_tie, _mm512_and_si512(away, one));
    r.has_lowered = _mm512_test_epi32_mask(r.lowered, one) != 0;
    // 2^20 * 2^right / multiplier, so that the result fits 32 bits; factors below 1 need none.
    const __mmask16 is_large = _mm512_test_epi32_mask(_mm512_srlv_epi32(multipliers, right), _mm512_set1_epi32(-1));
    const __m512 power = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(right, _mm512_set1_epi32(147)), 23));
    const __m512 most = _mm512_div_ps(power, _mm512_cvtepi32_ps(multipliers));
    r.has_left = is_large != 0;
    r.limit = _mm512_mask_mov_epi32(
        _mm512_set1_epi32(INT32_MAX), is_large,
        _mm512_cvttps_epi32(_mm512_min_ps(most, _mm512_set1_ps(2147483520.0f))));
    return r;
}

/// As mw_scale_integer: of a product in 64 bits, 32 from bit `right` on.
MW_AVX512 __m512i mw_scale_integer_avx512(const mw_requantize_avx512 *r, __m512i sums) {
    __m512i x = sums;
    if (r->has_left) {
        const __m512i least = _mm512_xor_si512(r->limit, _mm512_set1_epi32(-1));
        x = _mm512_max_epi32(_mm512_min_epi32(sums, r->limit), least);
    }
    const __m512i odd_x = _mm512_srli_epi64(x, 32);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, r->multipliers), r->half_even);
    __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(odd_x, _mm512_srli_epi64(r->multipliers, 32)), r->half_odd);
    if (r->has_lowered) {
        const __m512i less = _mm512_and_si512(_mm512_srai_epi32(x, 31), r->lowered);
        even = _mm512_sub_epi64(even, _mm512_and_si512(less, _mm512_set1_epi64(1)));
        odd = _mm512_sub_epi64(odd, _mm512_srli_epi64(less, 32));
    }
    even = _mm512_srlv_epi64(even, r->right);
    odd = _mm512_srlv_epi64(odd, r->right_odd);
    return _mm512_mask_mov_epi32(even, 0xAAAA, _mm512_slli_epi64(odd, 32));
}

/// As mw_scale_two_step, and in 32 bits: a comparison instead of the addition that could leave them.
MW_AVX512 __m512i mw_scale_two_step_avx512(const mw_requantize_avx512 *r, __m512i sums) {
    __m512i x = sums;
    if (r->has_left) {
        x = _mm512_sllv_epi32(sums, r->left);
        // INT32_MIN or INT32_MAX by the sign.
        const __m512i limit = _mm512_xor_si512(_mm512_srai_epi32(sums, 31), _mm512_set1_epi32(INT32_MAX));
        x = _mm512_mask_mov_epi32(limit, _mm512_cmpeq_epi32_mask(_mm512_srav_epi32(x, r->left), sums), x);
    }
    const __m512i half = _mm512_set1_epi64(1 << 30);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, r->multipliers), half);
    const __m512i odd = _mm512_add_epi64(
        _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(r->multipliers, 32)), half);
    // Bits 31...62 of each.
    const __m512i high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 31), 0xAAAA, _mm512_slli_epi64(odd, 1));
    const __m512i negative = _mm512_and_si512(_mm512_srai_epi32(high, 31), r->away);
    // What is shifted out rounds up from one half on; where ties go away from zero, below zero only above one half.
    const __mmask16 up = _mm512_cmpgt_epi32_mask(
        _mm512_add_epi32(_mm512_and_si512(high, r->mask), negative), r->threshold);
    const __m512i down = _mm512_srav_epi32(high, r->right);
    return _mm512_mask_add_epi32(down, up, down, _mm512_set1_epi32(1));
}

/// What is too small for an integer becomes the smallest one, and too large likewise: hence only that is cut off.
MW_AVX512 __m512i mw_round_avx512(__m512 scaled) {
    return _mm512_cvtps_epi32(_mm512_min_ps(scaled, _mm512_set1_ps(MW_REQUANTIZE_BOUND)));
}

MW_AVX512 __m512i mw_scale_avx512(const mw_requantize_avx512 *r, mw_scaling scaling, __m512i sums) {
    if (scaling == MW_SCALE_TWO_STEP) return mw_scale_two_step_avx512(r, sums);
    if (scaling == MW_SCALE_INTEGER) return mw_scale_integer_avx512(r, sums);
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), r->scales);
    return scaling == MW_SCALE_FLOAT ? mw_round_avx512(scaled) : _mm512_cvtps_epi32(scaled);
}

/// A sum in parts of a step, moved so that what is cut off rounds it.
MW_AVX512 __m512i mw_scale_fixed_avx512(__m512i sums, __m512 scales, __m512 offsets) {
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), scales, offsets));
}

/// Whether a lane of four vectors of parts is near an edge. High halves are compared with 0.
MW_AVX512 bool mw_is_near_avx512(__m512i v0, __m512i v1, __m512i v2, __m512i v3, __m512i near) {
    const __m512i least = _mm512_min_epu16(_mm512_min_epu16(v0, v1), _mm512_min_epu16(v2, v3));
    return __builtin_expect(_mm512_cmplt_epu16_mask(least, near) != 0, false);
}

/// Four vectors of parts to 64 bytes, in the order of mw_pack_avx512.
MW_AVX512 __m512i mw_pack_fixed_avx512(
    const mw_pack_constants_avx512 *p, __m512i v0, __m512i v1, __m512i v2, __m512i v3) {
    // Whole steps, four of one vector and four of the other in turn.
    const __m512i steps = _mm512_set_epi16(
        63, 61, 59, 57, 31, 29, 27, 25, 55, 53, 51, 49, 23, 21, 19, 17, 47, 45, 43, 41, 15, 13, 11, 9, 39, 37, 35, 33, 7, 5,
        3, 1);
    const __m512i low = _mm512_adds_epi16(_mm512_permutex2var_epi16(v0, steps, v1), p->zero_point);
    const __m512i high = _mm512_adds_epi16(_mm512_permutex2var_epi16(v2, steps, v3), p->zero_point);
    const __m512i bytes = _mm512_packs_epi16(low, high);
    return p->is_clamped ? _mm512_min_epi8(_mm512_max_epi8(bytes, p->low), p->high) : bytes;
}

/// Whole steps as parts; what is beyond 16 bits is clamped anyway.
MW_AVX512 __m512i mw_parts_avx512(__m512i steps) {
    const __m512i bound = _mm512_set1_epi32(32767);
    return _mm512_slli_epi32(_mm512_max_epi32(_mm512_min_epi32(steps, bound), _mm512_sub_epi32(_mm512_setzero_si512(), bound)), 16);
}

/// Four scaled vectors to 64 bytes; dword 4 * i + k of the result is lanes 4 * i...4 * i + 3 of vector k.
MW_AVX512 __m512i mw_pack_avx512(
    const mw_pack_constants_avx512 *p, __m512i v0, __m512i v1, __m512i v2, __m512i v3) {
    // Each step saturates, so the clamp at the end meets what it would have met in 32 bits.
    const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(v0, v1), p->zero_point);
    const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(v2, v3), p->zero_point);
    const __m512i bytes = _mm512_packs_epi16(low, high);
    return p->is_clamped ? _mm512_min_epi8(_mm512_max_epi8(bytes, p->low), p->high) : bytes;
}

#endif

#endif
