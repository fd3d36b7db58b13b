#if defined(__aarch64__)

#include "../requantize/requantize_neon.h"
#include "direct.h"
#include "kernels.h"
#include "tail.h"

/// 16 channels, or with `is_half` 8, from `channel` on: sums to bytes.
MW_NEON int8x16_t requantized(const mw_s8_depthwise *d, size_t channel, int32x4_t *sums, const bool is_half) {
    const mw_requantization *const how = &d->requantization;
    const mw_requantize_neon shared = mw_requantize_neon_load(how);
    for (size_t i = 0; i < (is_half ? 2 : 4); i++) {
        const size_t four = channel + i * 4;
        if (how->kind == MW_REQUANTIZE_FLOAT) {
            sums[i] = mw_scale_float_neon(sums[i], vld1q_f32(how->scales + four));
        } else {
            const int32x4_t multipliers = vld1q_s32(how->multipliers + four), shifts = vld1q_s32(how->shifts + four);
            const int32x4_t away = mw_away_neon(four, mw_direct_ties_up(d));
            sums[i] = mw_is_integer(how->kind) ? mw_scale_integer_neon(sums[i], multipliers, shifts, away)
                                               : mw_scale_two_step_neon(sums[i], multipliers, shifts, away);
        }
    }
    if (is_half) sums[2] = sums[3] = sums[0];
    return mw_narrow_neon(&shared, sums);
}

/// Sums modulo 2^32. Two products with weights of at most 127 are at most 2 * 127 * 2^7 and fit 16 bits.
MW_NEON void add_narrow(
    int32x4_t *sums, int8x16_t x0, int8x16_t w0, int8x16_t x1, int8x16_t w1, const bool is_half) {
    const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(x0), vget_low_s8(w0)), vget_low_s8(x1), vget_low_s8(w1));
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    if (is_half) return;
    const int16x8_t high = vmlal_high_s8(vmull_high_s8(x0, w0), x1, w1);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
}

MW_NEON void add_wide(int32x4_t *sums, int8x16_t x, int16x8_t low, int16x8_t high, const bool is_half) {
    const int16x8_t first = vmovl_s8(vget_low_s8(x));
    sums[0] = vmlal_s16(sums[0], vget_low_s16(first), vget_low_s16(low));
    sums[1] = vmlal_high_s16(sums[1], first, low);
    if (is_half) return;
    const int16x8_t second = vmovl_high_s8(x);
    sums[2] = vmlal_s16(sums[2], vget_low_s16(second), vget_low_s16(high));
    sums[3] = vmlal_high_s16(sums[3], second, high);
}

/// `count` channels of an input pixel: 16, 8, or fewer than 8, beyond which nothing is read.
MW_NEON int8x16_t load(const int8_t *from, const size_t count) {
    if (count == 16) return vld1q_s8(from);
    if (count == 8) return vcombine_s8(vld1_s8(from), vdup_n_s8(0));
    uint64_t bytes[2];
    mw_load_tail(from, count, bytes);
    return vcombine_s8(vcreate_s8(bytes[0]), vdup_n_s8(0));
}

/// `count` channels from `channel` on.
MW_NEON void compute(
    const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output, size_t channel,
    const size_t count, const bool is_narrow) {
    const size_t padded = mw_direct_padded(d), taps_count = mw_direct_taps(d);
    const bool is_half = count <= 8;
    const int32_t *const bias = mw_direct_bias(packed) + channel;
    int32x4_t sums[4] = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    if (!is_half) {
        sums[2] = vld1q_s32(bias + 8);
        sums[3] = vld1q_s32(bias + 12);
    }
    if (is_narrow) {
        const int8_t *weights = (const int8_t *)mw_direct_weights(d, packed) + channel;
        size_t tap = 0;
        for (; tap + 2 <= taps_count; tap += 2, weights += 2 * padded) {
            add_narrow(
                sums, load(taps[tap] + channel, count), load(weights, is_half ? 8 : 16),
                load(taps[tap + 1] + channel, count), load(weights + padded, is_half ? 8 : 16), is_half);
        }
        if (tap < taps_count) {
            const int8x16_t zero = vdupq_n_s8(0);
            add_narrow(
                sums, load(taps[tap] + channel, count), load(weights, is_half ? 8 : 16), zero, zero, is_half);
        }
    } else {
        const int16_t *weights = (const int16_t *)mw_direct_weights(d, packed) + channel;
        for (size_t tap = 0; tap < taps_count; tap++, weights += padded) {
            const int16x8_t low = vld1q_s16(weights), high = is_half ? low : vld1q_s16(weights + 8);
            add_wide(sums, load(taps[tap] + channel, count), low, high, is_half);
        }
    }
    const int8x16_t bytes = requantized(d, channel, sums, is_half);
    if (count == 16) {
        vst1q_s8(output + channel, bytes);
    } else if (count == 8) {
        vst1_s8(output + channel, vget_low_s8(bytes));
    } else {
        int8_t kept[8];
        vst1_s8(kept, vget_low_s8(bytes));
        memcpy(output + channel, kept, count);
    }
}

/// The last block overlaps the one before where the channels do not fill it.
MW_NEON void compute_pixel(
    const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output, const bool is_narrow) {
    const size_t channels = d->channels;
    size_t channel = 0;
    for (; channel + 16 <= channels; channel += 16) compute(d, packed, taps, output, channel, 16, is_narrow);
    if (channel == channels) return;
    if (channels >= 16) {
        compute(d, packed, taps, output, channels - 16, 16, is_narrow);
    } else if (channels >= 8) {
        compute(d, packed, taps, output, 0, 8, is_narrow);
        if (channels > 8) compute(d, packed, taps, output, channels - 8, 8, is_narrow);
    } else {
        compute(d, packed, taps, output, 0, channels, is_narrow);
    }
}

static void narrow_pixel(
    const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output) {
    compute_pixel(d, packed, taps, output, true);
}

static void wide_pixel(const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output) {
    compute_pixel(d, packed, taps, output, false);
}

size_t mw_s8_depthwise_packed_bytes__neon(const mw_s8_depthwise *d) { return mw_direct_packed_bytes(d); }

size_t mw_s8_depthwise_scratch_bytes__neon(const mw_s8_depthwise *d) { return mw_direct_scratch_bytes(d); }

void mw_s8_depthwise_pack__neon(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    mw_direct_pack(d, weights, weight_zero_points, bias, packed);
}

void mw_s8_depthwise_run__neon(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    const mw_direct_header *const header = packed;
    mw_direct_walk(
        d, packed, input, output, first_row, last_row, scratch, header->is_narrow ? narrow_pixel : wide_pixel);
}

#endif
