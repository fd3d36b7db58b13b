#if defined(__aarch64__)

#include "../requantize/requantize_neon.h"
#include "kernels.h"
#include "packed_bytes.h"
#include "tail.h"

#if defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE DOTPROD __attribute__((always_inline)) static inline

// sdot adds four products, each at most 2^14, in 32 bits without saturation; whole sums are modulo 2^32 as the seam says.
// No lanes are shared: a block of 8 channels costs half as much anyway.

static mw_strips strips_of(const mw_s8_depthwise *d) {
    mw_strips s = mw_strips_of(d, 4);
    s.half = 0;
    return s;
}

// ---- strips

/// 4 positions of 16 channels to 4 bytes a channel.
INLINE void store_unit(const int8x16_t x[4], uint8_t *to) {
    const int8x16_t even_low = vzip1q_s8(x[0], x[2]), even_high = vzip2q_s8(x[0], x[2]);
    const int8x16_t odd_low = vzip1q_s8(x[1], x[3]), odd_high = vzip2q_s8(x[1], x[3]);
    vst1q_u8(to, vreinterpretq_u8_s8(vzip1q_s8(even_low, odd_low)));
    vst1q_u8(to + 16, vreinterpretq_u8_s8(vzip2q_s8(even_low, odd_low)));
    vst1q_u8(to + 32, vreinterpretq_u8_s8(vzip1q_s8(even_high, odd_high)));
    vst1q_u8(to + 48, vreinterpretq_u8_s8(vzip2q_s8(even_high, odd_high)));
}

INLINE int8x16_t load_some(const int8_t *from, size_t count) {
    uint64_t bytes[2];
    mw_load_tail(from, count, bytes);
    return vcombine_s8(vcreate_s8(bytes[0]), vcreate_s8(bytes[1]));
}

DOTPROD static void make(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    for (size_t unit = 0; unit < s->units; unit++) {
        const size_t position = mw_strip_position(s, unit);
        uint8_t *to = (uint8_t *)strip->to + unit * MW_STRIP_UNIT_BYTES;
        const int8_t *p[4];
        for (size_t i = 0; i < 4; i++) p[i] = mw_strip_at(d, strip, position + i * s->step);
        for (size_t block = 0; block < strip->blocks; block++, to += s->units * MW_STRIP_UNIT_BYTES) {
            const size_t count = block + 1 == strip->blocks ? strip->last_channels : MW_STRIP_LANES;
            int8x16_t x[4];
            for (size_t i = 0; i < 4; i++) {
                const int8_t *const from = p[i] + block * MW_STRIP_LANES;
                x[i] = count == MW_STRIP_LANES ? vld1q_s8(from) : load_some(from, count);
            }
            store_unit(x, to);
        }
    }
}

// ---- sums

typedef struct {
    const mw_strips *s;
    const mw_s8_depthwise *d;
    const mw_strip_band *band;
    const int8_t *weights;
    const int32_t *bias;
    size_t plane_bytes;
    int32_t planes;
    /// The first of 8 channels: of the block, and of all.
    size_t lane, channel;
    int32x4_t away[2];
} work;

/// [at_once outputs][2 vectors] of scaled sums to bytes.
INLINE void finish(const work *w, int32x4_t *sums, int8_t *to, size_t outputs, const size_t at_once) {
    const mw_requantization *const how = &w->d->requantization;
    const mw_requantize_neon shared = mw_requantize_neon_load(how);
    UNROLL
    for (size_t q = 0; q < 2; q++) {
        const size_t four = w->channel + q * 4;
        if (how->kind == MW_REQUANTIZE_FLOAT) {
            const float32x4_t scales = vld1q_f32(how->scales + four);
            UNROLL
            for (size_t o = 0; o < at_once; o++) sums[o * 2 + q] = mw_scale_float_neon(sums[o * 2 + q], scales);
        } else {
            const int32x4_t multipliers = vld1q_s32(how->multipliers + four), shifts = vld1q_s32(how->shifts + four);
            UNROLL
            for (size_t o = 0; o < at_once; o++) {
                sums[o * 2 + q] = mw_is_integer(how->kind)
                    ? mw_scale_integer_neon(sums[o * 2 + q], multipliers, shifts, w->away[q])
                    : mw_scale_two_step_neon(sums[o * 2 + q], multipliers, shifts, w->away[q]);
            }
        }
    }
    const size_t stride = w->d->channels, count = w->band->channels - w->lane;
    UNROLL
    for (size_t o = 0; o < at_once; o += 2) {
        if (o >= outputs) return;
        const int8x16_t two = mw_narrow_neon(&shared, sums + o * 2);
        int8_t *const first = to + o * stride;
        if (count >= 8 && o + 1 < outputs) {
            vst1_s8(first, vget_low_s8(two));
            vst1_s8(first + stride, vget_high_s8(two));
        } else {
            int8_t kept[16];
            vst1q_s8(kept, two);
            memcpy(first, kept, mw_smaller(count, 8));
            if (o + 1 < outputs) memcpy(first + stride, kept + 8, mw_smaller(count, 8));
        }
    }
}

/// 8 channels of `at_once` outputs from output `done` of a row on, whose window begins in strip `slot`. Each unit of
/// inputs meets the kernel row in `phases` places, each vector of weights all the units.
INLINE void compute_some(
    const work *w, size_t slot, size_t done, int8_t *to, const size_t phases, const size_t at_once) {
    const mw_strips *const s = w->s;
    const size_t strip_bytes = mw_strips_bytes(s), apart = s->own * MW_STRIP_UNIT_BYTES;
    int32x4_t sums[16];
    UNROLL
    for (size_t i = 0; i < at_once * 2; i++) sums[i] = vld1q_s32(w->bias + i % 2 * 4);
    for (int32_t plane = 0; plane < w->planes; plane++) {
        const int8_t *weights = w->weights + (size_t)plane * w->plane_bytes + w->lane * 4;
        size_t row = slot;
        for (size_t u = 0; u < w->d->taps_y; u++) {
            const uint8_t *const units = w->band->strips + row * strip_bytes + done / phases * apart + w->lane * 4;
            const int8_t *x = (const int8_t *)units;
            for (size_t segment = 0; segment < s->segments; segment++) {
                UNROLL
                for (size_t q = 0; q < 2; q++) {
                    int8x16_t y[4];
                    UNROLL
                    for (size_t k = 0; k < phases; k++) y[k] = vld1q_s8(weights + k * MW_STRIP_UNIT_BYTES + q * 16);
                    UNROLL
                    for (size_t o = 0; o < at_once; o++) {
                        const int8x16_t unit = vld1q_s8(x + o / phases * apart + q * 16);
                        sums[o * 2 + q] = vdotq_s32(sums[o * 2 + q], unit, y[o % phases]);
                    }
                }
                x += MW_STRIP_UNIT_BYTES;
                weights += phases * MW_STRIP_UNIT_BYTES;
            }
            row = mw_strips_slot(s, row, w->d->dilation_y);
        }
    }
    finish(w, sums, to, w->band->outputs - done, at_once);
}

INLINE void compute_rows(const work *w, const size_t phases) {
    const mw_strip_band *const band = w->band;
    const size_t stride = w->d->channels;
    size_t slot = band->slot;
    for (size_t y = 0; y < band->rows; y++, slot = mw_strips_slot(w->s, slot, w->d->stride_y)) {
        int8_t *to = band->output + y * w->d->output_columns * stride + w->lane;
        size_t done = 0;
        for (; done + 8 <= band->outputs; done += 8, to += 8 * stride) compute_some(w, slot, done, to, phases, 8);
        for (; done < band->outputs; done += 4, to += 4 * stride) compute_some(w, slot, done, to, phases, 4);
    }
}

DOTPROD static void compute_1(const work *w) { compute_rows(w, 1); }
DOTPROD static void compute_2(const work *w) { compute_rows(w, 2); }
DOTPROD static void compute_4(const work *w) { compute_rows(w, 4); }

DOTPROD static void compute(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_band *band) {
    const size_t block_bytes = mw_packed_block_bytes(s, d);
    work w = {
        .s = s,
        .d = d,
        .band = band,
        .weights = (const int8_t *)packed + mw_packed_weights_offset(s) + band->block * block_bytes,
        .plane_bytes = s->blocks * block_bytes,
        .planes = ((const int32_t *)((const char *)packed + mw_packed_planes_offset(s)))[band->block],
    };
    const size_t ties_up = (size_t)mw_ties_up_channels(d);
    for (; w.lane < band->channels; w.lane += 8) {
        w.channel = band->block * MW_STRIP_LANES + w.lane;
        w.bias = (const int32_t *)packed + w.channel;
        for (size_t q = 0; q < 2; q++) w.away[q] = mw_away_neon(w.channel + q * 4, ties_up);
        (s->phases == 1 ? compute_1 : s->phases == 2 ? compute_2 : compute_4)(&w);
    }
}

size_t mw_s8_depthwise_packed_bytes__neon_dotprod(const mw_s8_depthwise *d) {
    const mw_strips s = strips_of(d);
    return mw_packed_size(&s, d);
}

size_t mw_s8_depthwise_scratch_bytes__neon_dotprod(const mw_s8_depthwise *d) {
    const mw_strips s = strips_of(d);
    return mw_strips_scratch_bytes(&s);
}

void mw_s8_depthwise_pack__neon_dotprod(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    const mw_strips s = strips_of(d);
    mw_pack_bytes(&s, d, weights, weight_zero_points, bias, 0, packed);
}

void mw_s8_depthwise_run__neon_dotprod(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    const mw_strips s = strips_of(d);
    mw_strips_walk(&s, d, packed, input, output, first_row, last_row, scratch, make, compute);
}

#endif
