#include "../requantize/requantize_rvv.h"

#if MW_HAS_RVV

#include "direct.h"
#include "kernels.h"

MW_DEFINE_REQUANTIZE_RVV(m4, m2, m1, 8, m8)

/// Sums modulo 2^32. Two products with weights of at most 127 are at most 2 * 127 * 2^7 and fit 16 bits.
MW_RVV_INLINE vint32m4_t sum_narrow(
    const int8_t *const *taps, size_t count, const int8_t *weights, size_t padded, size_t channel, vint32m4_t sums,
    size_t vl) {
    size_t tap = 0;
    for (; tap + 2 <= count; tap += 2, weights += 2 * padded) {
        const vint8m1_t first = __riscv_vle8_v_i8m1(taps[tap] + channel, vl);
        const vint8m1_t second = __riscv_vle8_v_i8m1(taps[tap + 1] + channel, vl);
        vint16m2_t two = __riscv_vwmul_vv_i16m2(first, __riscv_vle8_v_i8m1(weights, vl), vl);
        two = __riscv_vwmacc_vv_i16m2(two, second, __riscv_vle8_v_i8m1(weights + padded, vl), vl);
        sums = __riscv_vwadd_wv_i32m4(sums, two, vl);
    }
    if (tap < count) {
        const vint8m1_t last = __riscv_vle8_v_i8m1(taps[tap] + channel, vl);
        sums = __riscv_vwadd_wv_i32m4(
            sums, __riscv_vwmul_vv_i16m2(last, __riscv_vle8_v_i8m1(weights, vl), vl), vl);
    }
    return sums;
}

MW_RVV_INLINE vint32m4_t sum_wide(
    const int8_t *const *taps, size_t count, const int16_t *weights, size_t padded, size_t channel, vint32m4_t sums,
    size_t vl) {
    for (size_t tap = 0; tap < count; tap++, weights += padded) {
        const vint16m2_t x = __riscv_vsext_vf2_i16m2(__riscv_vle8_v_i8m1(taps[tap] + channel, vl), vl);
        sums = __riscv_vwmacc_vv_i32m4(sums, x, __riscv_vle16_v_i16m2(weights, vl), vl);
    }
    return sums;
}

MW_RVV static void compute_pixel(
    const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output) {
    const size_t padded = mw_direct_padded(d), count = mw_direct_taps(d);
    const mw_direct_header *const header = packed;
    const void *const weights = mw_direct_weights(d, packed);
    const size_t all_ties_up = mw_direct_ties_up(d);
    for (size_t channel = 0, vl; channel < d->channels; channel += vl) {
        vl = __riscv_vsetvl_e8m1(d->channels - channel);
        const vint32m4_t bias = __riscv_vle32_v_i32m4(mw_direct_bias(packed) + channel, vl);
        const vint32m4_t sums = header->is_narrow
            ? sum_narrow(taps, count, (const int8_t *)weights + channel, padded, channel, bias, vl)
            : sum_wide(taps, count, (const int16_t *)weights + channel, padded, channel, bias, vl);
        const size_t ties_up = all_ties_up > channel ? all_ties_up - channel : 0;
        const vint8m1_t bytes = mw_requantize_rvv_m4(&d->requantization, channel, ties_up, sums, vl);
        __riscv_vse8_v_i8m1(output + channel, bytes, vl);
    }
}

size_t mw_s8_depthwise_packed_bytes__rvv(const mw_s8_depthwise *d) { return mw_direct_packed_bytes(d); }

size_t mw_s8_depthwise_scratch_bytes__rvv(const mw_s8_depthwise *d) { return mw_direct_scratch_bytes(d); }

void mw_s8_depthwise_pack__rvv(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    mw_direct_pack(d, weights, weight_zero_points, bias, packed);
}

MW_RVV void mw_s8_depthwise_run__rvv(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    mw_direct_walk(d, packed, input, output, first_row, last_row, scratch, compute_pixel);
}

#endif
