#ifndef MW_REQUANTIZE_RVV_H
#define MW_REQUANTIZE_RVV_H

#include "../cpu/cpu.h"

#if MW_HAS_RVV

#include <riscv_vector.h>

#include "requantize.h"

#define MW_RVV_INLINE MW_RVV __attribute__((always_inline)) static inline

// Functions for one size of register groups: int32 in `LONG`, int16 in `SHORT`, int8 in `BYTE`, masks in `MASK`.
//
// mw_scale_two_step_rvv_LONG: the two roundings. vsmul is the first one (no multiplier is negative, so it never
// saturates), vssra the second with ties up. Negative products lose 1 before they are shifted where ties go away from
// zero; they are above INT32_MIN, since multipliers are below 2^31.
//
// mw_scale_integer_rvv_LONG: products in 64 bits, of which vnclip shifts, rounds with ties up and saturates in one; those
// below zero lose 1 where ties go away from zero and a shift follows. By halves of a group, because a product takes two.
//
// mw_requantize_rvv_LONG: vl sums, channels from `channel` on, to bytes; the first `ties_up` of them round the second
// step's ties up. Each narrowing saturates, so the clamp meets what it would have met in 32 bits.
#define MW_DEFINE_REQUANTIZE_RVV(LONG, SHORT, BYTE, MASK, WIDE)                                                               \
    MW_RVV_INLINE vint32##LONG##_t mw_shift_left_rvv_##LONG(                                                            \
        vint32##LONG##_t sums, vint32##LONG##_t shifts, size_t vl) {                                                    \
        const vbool##MASK##_t is_left = __riscv_vmsgt_vx_i32##LONG##_b##MASK(shifts, 0, vl);                            \
        if (__riscv_vfirst_m_b##MASK(is_left, vl) < 0) return sums;                                                     \
        const vuint32##LONG##_t left =                                                                                  \
            __riscv_vreinterpret_v_i32##LONG##_u32##LONG(__riscv_vmax_vx_i32##LONG(shifts, 0, vl));                     \
        const vint32##LONG##_t shifted = __riscv_vsll_vv_i32##LONG(sums, left, vl);                                     \
        const vint32##LONG##_t back = __riscv_vsra_vv_i32##LONG(shifted, left, vl);                                     \
        const vbool##MASK##_t is_over = __riscv_vmsne_vv_i32##LONG##_b##MASK(back, sums, vl);                           \
        /* INT32_MIN or INT32_MAX by the sign. */                                                                       \
        const vint32##LONG##_t limit =                                                                                  \
            __riscv_vxor_vx_i32##LONG(__riscv_vsra_vx_i32##LONG(sums, 31, vl), INT32_MAX, vl);                          \
        return __riscv_vmerge_vvm_i32##LONG(shifted, limit, is_over, vl);                                               \
    }                                                                                                                   \
    MW_RVV_INLINE vint32##LONG##_t mw_scale_two_step_rvv_##LONG(                                                        \
        vint32##LONG##_t sums, vint32##LONG##_t multipliers, vint32##LONG##_t shifts, size_t ties_up, size_t vl) {      \
        vint32##LONG##_t product = __riscv_vsmul_vv_i32##LONG(                                                          \
            mw_shift_left_rvv_##LONG(sums, shifts, vl), multipliers, __RISCV_VXRM_RNU, vl);                             \
        const vint32##LONG##_t right = __riscv_vmin_vx_i32##LONG(shifts, 0, vl);                                        \
        if (ties_up < vl) {                                                                                             \
            vint32##LONG##_t less =                                                                                     \
                __riscv_vsra_vx_i32##LONG(__riscv_vand_vv_i32##LONG(product, right, vl), 31, vl);                       \
            if (ties_up > 0) {                                                                                          \
                const vbool##MASK##_t is_up = __riscv_vmsltu_vx_u32##LONG##_b##MASK(                                    \
                    __riscv_vid_v_u32##LONG(vl), (uint32_t)ties_up, vl);                                                \
                less = __riscv_vmerge_vxm_i32##LONG(less, 0, is_up, vl);                                                \
            }                                                                                                           \
            product = __riscv_vadd_vv_i32##LONG(product, less, vl);                                                     \
        }                                                                                                               \
        const vuint32##LONG##_t by =                                                                                    \
            __riscv_vreinterpret_v_i32##LONG##_u32##LONG(__riscv_vneg_v_i32##LONG(right, vl));                          \
        return __riscv_vssra_vv_i32##LONG(product, by, __RISCV_VXRM_RNU, vl);                                           \
    }                                                                                                                   \
    MW_RVV_INLINE vint32##LONG##_t mw_scale_integer_rvv_##LONG(                                                         \
        vint32##LONG##_t sums, vint32##LONG##_t multipliers, vint32##LONG##_t shifts, size_t ties_up, size_t vl) {      \
        vint64##WIDE##_t product = __riscv_vwmul_vv_i64##WIDE(sums, multipliers, vl);                                   \
        if (ties_up < vl) {                                                                                             \
            const vbool##MASK##_t is_away = __riscv_vmsgeu_vx_u32##LONG##_b##MASK(                                      \
                __riscv_vid_v_u32##LONG(vl), (uint32_t)ties_up, vl);                                                    \
            const vbool##MASK##_t is_shifted = __riscv_vmslt_vx_i32##LONG##_b##MASK(shifts, 0, vl);                     \
            const vbool##MASK##_t is_below = __riscv_vmslt_vx_i64##WIDE##_b##MASK(product, 0, vl);                      \
            const vbool##MASK##_t is_lowered = __riscv_vmand_mm_b##MASK(                                                \
                is_below, __riscv_vmand_mm_b##MASK(is_away, is_shifted, vl), vl);                                       \
            product = __riscv_vsub_vx_i64##WIDE##_mu(is_lowered, product, product, 1, vl);                              \
        }                                                                                                               \
        const vuint32##LONG##_t by =                                                                                    \
            __riscv_vreinterpret_v_i32##LONG##_u32##LONG(__riscv_vneg_v_i32##LONG(shifts, vl));                         \
        return __riscv_vnclip_wv_i32##LONG(product, by, __RISCV_VXRM_RNU, vl);                                          \
    }                                                                                                                   \
    MW_RVV_INLINE vfloat32##LONG##_t mw_scale_float_rvv_##LONG(                                                         \
        const mw_requantization *how, size_t channel, vint32##LONG##_t sums, size_t vl) {                               \
        const vfloat32##LONG##_t scales = __riscv_vle32_v_f32##LONG(how->scales + channel, vl);                         \
        return __riscv_vfmul_vv_f32##LONG(__riscv_vfcvt_f_x_v_f32##LONG(sums, vl), scales, vl);                         \
    }                                                                                                                   \
    MW_RVV_INLINE vint8##BYTE##_t mw_narrow_rvv_##LONG(                                                                 \
        vint32##LONG##_t values, int32_t zero_point, int32_t low, int32_t high, size_t vl) {                            \
        const vint16##SHORT##_t narrow = __riscv_vnclip_wx_i16##SHORT(values, 0, __RISCV_VXRM_RNU, vl);                 \
        const vint16##SHORT##_t moved = __riscv_vsadd_vx_i16##SHORT(narrow, (int16_t)zero_point, vl);                   \
        const vint8##BYTE##_t bytes = __riscv_vnclip_wx_i8##BYTE(moved, 0, __RISCV_VXRM_RNU, vl);                       \
        return __riscv_vmin_vx_i8##BYTE(__riscv_vmax_vx_i8##BYTE(bytes, (int8_t)low, vl), (int8_t)high, vl);            \
    }                                                                                                                   \
    MW_RVV_INLINE vint8##BYTE##_t mw_requantize_rvv_##LONG(                                                             \
        const mw_requantization *how, size_t channel, size_t ties_up, vint32##LONG##_t sums, size_t vl) {               \
        vint32##LONG##_t values;                                                                                        \
        if (how->kind == MW_REQUANTIZE_FLOAT) {                                                                         \
            values = __riscv_vfcvt_x_f_v_i32##LONG(mw_scale_float_rvv_##LONG(how, channel, sums, vl), vl);              \
        } else {                                                                                                        \
            const vint32##LONG##_t multipliers = __riscv_vle32_v_i32##LONG(how->multipliers + channel, vl);             \
            const vint32##LONG##_t shifts = __riscv_vle32_v_i32##LONG(how->shifts + channel, vl);                       \
            values = mw_is_integer(how->kind)                                                                           \
                ? mw_scale_integer_rvv_##LONG(sums, multipliers, shifts, ties_up, vl)                                   \
                : mw_scale_two_step_rvv_##LONG(sums, multipliers, shifts, ties_up, vl);                                 \
        }                                                                                                               \
        return mw_narrow_rvv_##LONG(values, how->zero_point, how->low, how->high, vl);                                  \
    }

#endif

#endif
