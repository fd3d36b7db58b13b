#ifndef MW_REQUANTIZE_AVX2_H
#define MW_REQUANTIZE_AVX2_H

#if defined(__x86_64__)

#include <immintrin.h>

#include "requantize.h"

#define MW_AVX2 __attribute__((target("avx2,fma"), always_inline)) static inline

/// The constants of 8 channels.
typedef struct {
    __m256 scales;
    __m256i multipliers, left, right, mask, threshold, away;
    /// For integers: what a sum is held within, beyond which its product is clamped anyway; half of 2^right; -1 in lanes
    /// whose negative products lose 1.
    __m256i limit, half, lowered;
} mw_requantize_avx2;

typedef enum { MW_SCALE_FLOAT_AVX2, MW_SCALE_TWO_STEP_AVX2, MW_SCALE_INTEGER_AVX2 } mw_scaling_avx2;

static inline mw_scaling_avx2 mw_scaling_avx2_of(mw_requantize_kind kind) {
    if (kind == MW_REQUANTIZE_FLOAT) return MW_SCALE_FLOAT_AVX2;
    return mw_is_integer(kind) ? MW_SCALE_INTEGER_AVX2 : MW_SCALE_TWO_STEP_AVX2;
}

/// - away: -1 in lanes whose ties go away from zero.
MW_AVX2 mw_requantize_avx2 mw_requantize_avx2_of(
    __m256 scales, __m256i multipliers, __m256i shifts, __m256i away) {
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    mw_requantize_avx2 r = {.scales = scales, .multipliers = multipliers, .away = away};
    r.left = _mm256_max_epi32(shifts, zero);
    r.right = _mm256_max_epi32(_mm256_sub_epi32(zero, shifts), zero);
    r.mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, r.right), one);
    r.threshold = _mm256_srli_epi32(r.mask, 1);
    r.half = _mm256_srli_epi32(_mm256_sllv_epi32(one, r.right), 1);
    r.lowered = _mm256_andnot_si256(_mm256_cmpeq_epi32(r.right, zero), away);
    // 2^20 * 2^right / multiplier, so that the result fits 32 bits; factors below 1 need none.
    const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(r.right, _mm256_set1_epi32(147)), 23));
    const __m256 most = _mm256_div_ps(power, _mm256_cvtepi32_ps(multipliers));
    const __m256i is_below = _mm256_cmpeq_epi32(_mm256_srlv_epi32(multipliers, r.right), zero);
    r.limit = _mm256_blendv_epi8(
        _mm256_cvttps_epi32(_mm256_min_ps(most, _mm256_set1_ps(2147483520.0f))), _mm256_set1_epi32(INT32_MAX), is_below);
    return r;
}

/// As mw_scale_integer: of a product in 64 bits, 32 from bit `right` on.
MW_AVX2 __m256i mw_scale_integer_avx2(const mw_requantize_avx2 *r, __m256i sums) {
    const __m256i least = _mm256_xor_si256(r->limit, _mm256_set1_epi32(-1));
    const __m256i x = _mm256_max_epi32(_mm256_min_epi32(sums, r->limit), least);
    // Half of 2^right, less 1 where a negative product's tie goes down: nothing is below zero if nothing is multiplied.
    const __m256i some = _mm256_cmpgt_epi32(r->multipliers, _mm256_setzero_si256());
    const __m256i less = _mm256_and_si256(_mm256_and_si256(_mm256_srai_epi32(x, 31), r->lowered), some);
    const __m256i nudge = _mm256_add_epi32(r->half, less);
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    const __m256i even = _mm256_srlv_epi64(
        _mm256_add_epi64(_mm256_mul_epi32(x, r->multipliers), _mm256_and_si256(nudge, low)),
        _mm256_and_si256(r->right, low));
    const __m256i odd = _mm256_srlv_epi64(
        _mm256_add_epi64(
            _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(r->multipliers, 32)),
            _mm256_srli_epi64(nudge, 32)),
        _mm256_srli_epi64(r->right, 32));
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
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

/// What is too small for an integer becomes the smallest one, and too large likewise: hence only that is cut off.
MW_AVX2 __m256i mw_round_avx2(__m256 scaled) {
    return _mm256_cvtps_epi32(_mm256_min_ps(scaled, _mm256_set1_ps(MW_REQUANTIZE_BOUND)));
}

MW_AVX2 __m256i mw_scale_avx2(const mw_requantize_avx2 *r, const mw_scaling_avx2 scaling, __m256i sums) {
    if (scaling == MW_SCALE_TWO_STEP_AVX2) return mw_scale_two_step_avx2(r, sums);
    if (scaling == MW_SCALE_INTEGER_AVX2) return mw_scale_integer_avx2(r, sums);
    return mw_round_avx2(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), r->scales));
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

/// The constants of 8 channels that mw_requantization_fixed leaves.
typedef struct {
    __m256 scales, offsets, negative_offsets;
} mw_fixed_avx2;

/// - is_signed: whether sums below zero have offsets of their own.
MW_AVX2 mw_fixed_avx2 mw_fixed_avx2_of(const mw_requantization *how, size_t channel, const bool is_signed) {
    return (mw_fixed_avx2){
        _mm256_loadu_ps(how->fixed_scales + channel), _mm256_loadu_ps(how->fixed_offsets + channel),
        is_signed ? _mm256_loadu_ps(how->fixed_negative_offsets + channel) : _mm256_setzero_ps()};
}

/// Sums in parts of a step, moved so that what is cut off rounds them.
MW_AVX2 __m256i mw_scale_fixed_avx2(const mw_fixed_avx2 *f, const bool is_signed, __m256i sums) {
    const __m256 offsets =
        is_signed ? _mm256_blendv_ps(f->offsets, f->negative_offsets, _mm256_castsi256_ps(sums)) : f->offsets;
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), f->scales, offsets));
}

/// Whether a lane of four vectors of parts is near an edge.
MW_AVX2 bool mw_is_near_avx2(const __m256i v[4], __m256i near) {
    const __m256i least = _mm256_min_epu16(_mm256_min_epu16(v[0], v[1]), _mm256_min_epu16(v[2], v[3]));
    // What is missing to the limit is 0 where nothing is near; high halves have a limit of 0.
    const __m256i missing = _mm256_subs_epu16(near, least);
    return __builtin_expect(!_mm256_testz_si256(missing, missing), false);
}

/// Four vectors of 8 channels, or of two times 8 in turn, as their kind says, in parts: what lay near an edge.
/// - multipliers, shifts: of 8 channels, then of 8 more.
/// - away: -1 in lanes whose ties go away from zero.
__attribute__((target("avx2,fma"), noinline, cold)) static inline void mw_scale_near_avx2(
    mw_requantize_kind kind, const int32_t *const multipliers[2], const int32_t *const shifts[2],
    const __m256i away[2], __m256i v[4]) {
    const __m256i bound = _mm256_set1_epi32(32767), least = _mm256_set1_epi32(-32767);
    for (size_t i = 0; i < 4; i++) {
        const mw_requantize_avx2 of = mw_requantize_avx2_of(
            _mm256_setzero_ps(), _mm256_loadu_si256((const __m256i *)multipliers[i % 2]),
            _mm256_loadu_si256((const __m256i *)shifts[i % 2]), away[i % 2]);
        const __m256i steps = mw_scale_avx2(&of, mw_scaling_avx2_of(kind), v[i]);
        // What is beyond 16 bits is clamped anyway.
        v[i] = _mm256_slli_epi32(_mm256_max_epi32(_mm256_min_epi32(steps, bound), least), 16);
    }
}

/// Four vectors of parts to 32 bytes, in their order.
MW_AVX2 __m256i mw_pack_fixed_avx2(const mw_pack_constants_avx2 *p, const __m256i v[4]) {
    return mw_pack_avx2(
        p, _mm256_srai_epi32(v[0], 16), _mm256_srai_epi32(v[1], 16), _mm256_srai_epi32(v[2], 16),
        _mm256_srai_epi32(v[3], 16));
}

#endif

#endif
