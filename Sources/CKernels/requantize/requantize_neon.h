#ifndef MW_REQUANTIZE_NEON_H
#define MW_REQUANTIZE_NEON_H

#if defined(__aarch64__)

#include <arm_neon.h>

#include "requantize.h"

#define MW_NEON __attribute__((always_inline)) static inline

/// What all channels share, in registers.
typedef struct {
    int16x8_t zero_point;
    int8x16_t low, high;
} mw_requantize_neon;

MW_NEON mw_requantize_neon mw_requantize_neon_load(const mw_requantization *how) {
    return (mw_requantize_neon){
        vdupq_n_s16((int16_t)how->zero_point), vdupq_n_s8((int8_t)how->low), vdupq_n_s8((int8_t)how->high)};
}

/// Four sums, ties to even; fcvtns saturates, so nothing is too large.
MW_NEON int32x4_t mw_scale_float_neon(int32x4_t sums, float32x4_t scales) {
    return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sums), scales));
}

/// Four sums by the two roundings. sqrdmulh is the first one (no multiplier is negative, so it never saturates), srshl the
/// second with ties up.
///
/// - away: all ones in the lanes whose second rounding has ties away from zero. Negative products lose 1 before they are
///   shifted: ties then go down. Products are above INT32_MIN, since multipliers are below 2^31.
MW_NEON int32x4_t mw_scale_two_step_neon(int32x4_t sums, int32x4_t multipliers, int32x4_t shifts, int32x4_t away) {
    const int32x4_t zero = vdupq_n_s32(0), right = vminq_s32(shifts, zero);
    const int32x4_t product = vqrdmulhq_s32(vqshlq_s32(sums, vmaxq_s32(shifts, zero)), multipliers);
    const int32x4_t lowered = vsraq_n_s32(product, vandq_s32(vandq_s32(product, right), away), 31);
    return vrshlq_s32(lowered, right);
}

/// Four sums by one rounding of products in 64 bits; sqxtn saturates. Negative products lose 1 where ties go away from zero
/// and a shift follows.
MW_NEON int32x4_t mw_scale_integer_neon(int32x4_t sums, int32x4_t multipliers, int32x4_t shifts, int32x4_t away) {
    const int32x4_t can_tie = vandq_s32(away, vreinterpretq_s32_u32(vcltq_s32(shifts, vdupq_n_s32(0))));
    int64x2_t low = vmull_s32(vget_low_s32(sums), vget_low_s32(multipliers));
    int64x2_t high = vmull_high_s32(sums, multipliers);
    low = vaddq_s64(low, vandq_s64(vshrq_n_s64(low, 63), vmovl_s32(vget_low_s32(can_tie))));
    high = vaddq_s64(high, vandq_s64(vshrq_n_s64(high, 63), vmovl_high_s32(can_tie)));
    low = vrshlq_s64(low, vmovl_s32(vget_low_s32(shifts)));
    return vqmovn_high_s64(vqmovn_s64(low), vrshlq_s64(high, vmovl_high_s32(shifts)));
}

/// For channels channel...channel + 3, of which those below `ties_up` have ties up: the `away` above.
MW_NEON int32x4_t mw_away_neon(size_t channel, size_t ties_up) {
    const uint32x4_t lanes = vaddq_u32(vdupq_n_u32((uint32_t)channel), (uint32x4_t){0, 1, 2, 3});
    const uint32_t limit = ties_up < UINT32_MAX ? (uint32_t)ties_up : UINT32_MAX;
    return vreinterpretq_s32_u32(vcgeq_u32(lanes, vdupq_n_u32(limit)));
}

/// 16 scaled sums to bytes. Each step saturates, so the clamp meets what it would have met in 32 bits.
MW_NEON int8x16_t mw_narrow_neon(const mw_requantize_neon *r, const int32x4_t v[4]) {
    const int16x8_t first = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(v[0]), v[1]), r->zero_point);
    const int16x8_t second = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(v[2]), v[3]), r->zero_point);
    return vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(first), second), r->low), r->high);
}

#endif

#endif
