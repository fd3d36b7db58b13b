#ifndef MW_DEPTHWISE_AVX512_H
#define MW_DEPTHWISE_AVX512_H

#include "depthwise_avx512_strips.h"

// ---- sums

typedef struct {
    const int8_t *weights;
    size_t plane_bytes;
    int32_t planes;
    __m512i bias;
    mw_requantize_avx512 requantize;
    /// Bytes between outputs of neighbouring columns, and of neighbouring rows.
    size_t stride, row_stride;
    /// Whether the block has as many channels as it has room for.
    bool is_plain;
    /// For what is computed again.
    const mw_s8_depthwise *depthwise;
    const mw_strip_band *band;
} work;

// Where each lane's channel is in its block: in a half block each twice.
INLINE __m512i lanes_of(bool is_half) {
    return is_half ? _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7)
                   : _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

INLINE mw_requantize_avx512 constants(
    const mw_s8_depthwise *d, const mw_strip_band *band, mw_scaling scaling, __m512i lanes) {
    const mw_requantization *const how = &d->requantization;
    const size_t first = band->block * MW_STRIP_LANES;
    if (scaling == MW_SCALE_DOWN || scaling == MW_SCALE_FLOAT) {
        return mw_requantize_avx512_of(
            how, _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->scales + first)), lanes, lanes, lanes);
    }
    const __m512i channels = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)first));
    const __m512i ties_up = _mm512_set1_epi32(mw_ties_up_channels(d));
    const __m512i away = _mm512_maskz_set1_epi32(_mm512_cmpge_epi32_mask(channels, ties_up), -1);
    const __m512i multipliers = _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->multipliers + first));
    const __m512i shifts = _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->shifts + first));
    mw_requantize_avx512 made = mw_is_integer(how->kind)
        ? mw_requantize_integer_avx512_of(how, multipliers, shifts, away)
        : mw_requantize_avx512_of(how, _mm512_setzero_ps(), multipliers, shifts, away);
    if (scaling == MW_SCALE_FIXED || scaling == MW_SCALE_FIXED_SIGNED) {
        made.scales = _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->fixed_scales + first));
        made.near = _mm512_set1_epi32(how->fixed_near);
        made.offsets = _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->fixed_offsets + first));
    }
    if (scaling == MW_SCALE_FIXED_SIGNED) {
        made.negative_offsets = _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->fixed_negative_offsets + first));
    }
    return made;
}

// Of the packed bytes, dword 4 * i + k is channels 4 * i... of sums k: put them as the outputs lie in memory. In a half
// block, i of 2 and 3 belong to the next group.
INLINE __m512i order_of(size_t phases, bool is_half) {
    if (!is_half) return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (phases == 1) return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (phases == 2) return _mm512_setr_epi32(0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15);
    return _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
}

// What lay near an edge, as its kind says, in parts. It makes the constants again: were it given those of the loop,
// they could not stay in registers there.
__attribute__((target(TARGET), noinline, cold)) static void scale_near(
    const mw_s8_depthwise *d, const mw_strip_band *band, __m512i sums[4]) {
    const mw_scaling scaling = mw_is_integer(d->requantization.kind) ? MW_SCALE_INTEGER : MW_SCALE_TWO_STEP;
    const mw_requantize_avx512 of = constants(d, band, scaling, lanes_of(band->is_half));
    for (size_t k = 0; k < 4; k++) sums[k] = mw_parts_avx512(mw_scale_avx512(&of, scaling, sums[k]));
}

INLINE __m512i packed_of(const work *w, mw_scaling scaling, __m512i sums[4]) {
    const mw_requantize_avx512 *const r = &w->requantize;
    if (scaling != MW_SCALE_FIXED && scaling != MW_SCALE_FIXED_SIGNED) {
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) sums[k] = mw_scale_avx512(r, scaling, sums[k]);
        return mw_pack_avx512(&r->pack, sums[0], sums[1], sums[2], sums[3]);
    }
    __m512i v[4];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 4; k++) {
        __m512 offsets = r->offsets;
        if (scaling == MW_SCALE_FIXED_SIGNED) {
            const __mmask16 below = _mm512_cmplt_epi32_mask(sums[k], _mm512_setzero_si512());
            offsets = _mm512_mask_mov_ps(offsets, below, r->negative_offsets);
        }
        v[k] = mw_scale_fixed_avx512(sums[k], r->scales, offsets);
    }
    if (mw_is_near_avx512(v[0], v[1], v[2], v[3], r->near)) {
        __m512i again[4] = {sums[0], sums[1], sums[2], sums[3]};
        scale_near(w->depthwise, w->band, again);
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) v[k] = again[k];
    }
    return mw_pack_fixed_avx512(&r->pack, v[0], v[1], v[2], v[3]);
}

INLINE __m512i bytes_of(const work *w, size_t phases, bool is_half, mw_scaling scaling, __m512i sums[4]) {
    __m512i order = order_of(phases, is_half);
    OPAQUE(order);
    return _mm512_permutexvar_epi32(order, packed_of(w, scaling, sums));
}

// All 64 bytes; in a half block they lie side by side.
INLINE void store_whole(int8_t *to, size_t stride, bool is_half, __m512i bytes) {
    if (is_half) {
        _mm512_storeu_si512(to, bytes);
    } else {
        _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
        _mm_storeu_si128((__m128i *)(to + stride), _mm512_extracti32x4_epi32(bytes, 1));
        _mm_storeu_si128((__m128i *)(to + 2 * stride), _mm512_extracti32x4_epi32(bytes, 2));
        _mm_storeu_si128((__m128i *)(to + 3 * stride), _mm512_extracti32x4_epi32(bytes, 3));
    }
}

// What remains at the end of a row, and blocks that end within 16 channels.
INLINE void store_part(
    int8_t *to, const work *w, const mw_strip_band *band, size_t outputs, bool is_half, __m512i bytes) {
    if (!is_half && w->is_plain) {
        _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
        if (outputs > 1) _mm_storeu_si128((__m128i *)(to + w->stride), _mm512_extracti32x4_epi32(bytes, 1));
        if (outputs > 2) _mm_storeu_si128((__m128i *)(to + 2 * w->stride), _mm512_extracti32x4_epi32(bytes, 2));
        if (outputs > 3) _mm_storeu_si128((__m128i *)(to + 3 * w->stride), _mm512_extracti32x4_epi32(bytes, 3));
        return;
    }
    const size_t each = is_half ? 8 : 16, count = mw_smaller(MW_STRIP_UNIT_BYTES / each, outputs);
    int8_t kept[MW_STRIP_UNIT_BYTES];
    _mm512_storeu_si512(kept, bytes);
    if (band->channels == 8) {
        for (size_t i = 0; i < count; i++, to += w->stride) memcpy(to, kept + i * each, 8);
    } else {
        for (size_t i = 0; i < count; i++, to += w->stride) memcpy(to, kept + i * each, band->channels);
    }
}

// Four vectors of sums: of 4 / phases groups, and in a half block of twice as many.
INLINE __m512i sums_of_any(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t slot, size_t group,
    size_t phases, bool is_half, mw_scaling scaling) {
    const size_t unit_bytes = is_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES;
    const size_t strip_bytes = mw_strips_bytes(s), apart = (is_half ? 2 : 1) * s->own * unit_bytes;
    __m512i sums[4] = {w->bias, w->bias, w->bias, w->bias};
    for (int32_t plane = 0; plane < w->planes; plane++) {
        const int8_t *weights = w->weights + (size_t)plane * w->plane_bytes;
        size_t row = slot;
        for (size_t u = 0; u < d->taps_y; u++) {
            const uint8_t *x = band->strips + row * strip_bytes + group * s->own * unit_bytes;
            for (size_t segment = 0; segment < s->segments; segment++) {
#pragma clang loop unroll(full)
                for (size_t k = 0; k < 4; k++) {
                    const __m512i unit = _mm512_loadu_si512(x + k / phases * apart);
                    const __m512i y = _mm512_load_si512(weights + k % phases * MW_STRIP_UNIT_BYTES);
                    sums[k] = _mm512_dpbusd_epi32(sums[k], unit, y);
                }
                x += unit_bytes;
                weights += phases * MW_STRIP_UNIT_BYTES;
            }
            row = mw_strips_slot(s, row, d->dilation_y);
        }
    }
    return bytes_of(w, phases, is_half, scaling, sums);
}

INLINE void compute_any(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t phases,
    bool is_half, mw_scaling scaling) {
    const size_t at_once = is_half ? 8 : 4;
    size_t slot = band->slot;
    for (size_t y = 0; y < band->rows; y++, slot = mw_strips_slot(s, slot, d->stride_y)) {
        int8_t *to = band->output + y * w->row_stride;
        for (size_t done = 0; done < band->outputs; done += at_once, to += at_once * w->stride) {
            const __m512i bytes = sums_of_any(s, d, band, w, slot, done / phases, phases, is_half, scaling);
            if (w->is_plain && done + at_once <= band->outputs) store_whole(to, w->stride, is_half, bytes);
            else store_part(to, w, band, band->outputs - done, is_half, bytes);
        }
    }
}

// The same for three kernel rows of one segment, whose weights of one or two planes stay in registers.
INLINE __m512i sums_of_three(
    const work *w, const uint8_t *const rows[3], const __m512i *weights, size_t offset, size_t phases, size_t planes,
    bool is_half, mw_scaling scaling) {
    __m512i sums[4] = {w->bias, w->bias, w->bias, w->bias};
#pragma clang loop unroll(full)
    for (size_t u = 0; u < 3; u++) {
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) {
            const __m512i x = _mm512_loadu_si512(rows[u] + offset + k / phases * MW_STRIP_UNIT_BYTES);
#pragma clang loop unroll(full)
            for (size_t plane = 0; plane < planes; plane++) {
                sums[k] = _mm512_dpbusd_epi32(sums[k], x, weights[(3 * plane + u) * phases + k % phases]);
            }
        }
    }
    return bytes_of(w, phases, is_half, scaling, sums);
}

INLINE void compute_three(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t phases,
    size_t planes, bool is_half, mw_scaling scaling) {
    const size_t at_once = is_half ? 8 : 4, stride = w->stride, outputs = band->outputs;
    // Bytes of the strips behind four sums.
    const size_t next = 4 / phases * MW_STRIP_UNIT_BYTES, strip_bytes = mw_strips_bytes(s);
    __m512i weights[3 * 2 * MW_WEIGHT_PLANES];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 3 * phases * planes; k++) {
        const int8_t *const plane = w->weights + k / (3 * phases) * w->plane_bytes;
        weights[k] = _mm512_load_si512(plane + k % (3 * phases) * MW_STRIP_UNIT_BYTES);
    }
    size_t slot = band->slot;
    for (size_t y = 0; y < band->rows; y++, slot = mw_strips_slot(s, slot, d->stride_y)) {
        const size_t second = mw_strips_slot(s, slot, d->dilation_y);
        const size_t third = mw_strips_slot(s, second, d->dilation_y);
        const uint8_t *const rows[3] = {
            band->strips + slot * strip_bytes, band->strips + second * strip_bytes,
            band->strips + third * strip_bytes,
        };
        int8_t *to = band->output + y * w->row_stride;
        size_t offset = 0, done = 0;
        // The usual case has a loop of its own.
        if (w->is_plain && planes == 1) {
            for (; done + at_once <= outputs; done += at_once, offset += next, to += at_once * stride) {
                const __m512i bytes = sums_of_three(w, rows, weights, offset, phases, planes, is_half, scaling);
                store_whole(to, stride, is_half, bytes);
            }
        }
        for (; done < outputs; done += at_once, offset += next, to += at_once * stride) {
            const __m512i bytes = sums_of_three(w, rows, weights, offset, phases, planes, is_half, scaling);
            if (planes > 1 && w->is_plain && done + at_once <= outputs) store_whole(to, stride, is_half, bytes);
            else store_part(to, w, band, outputs - done, is_half, bytes);
        }
    }
}

INLINE void compute_of(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t phases,
    bool is_half, mw_scaling scaling) {
    if (phases <= 2 && d->taps_y == 3 && s->segments == 1) {
        if (w->planes == 1) compute_three(s, d, band, w, phases, 1, is_half, scaling);
        else if (w->planes == 2) compute_three(s, d, band, w, phases, 2, is_half, scaling);
        else compute_three(s, d, band, w, phases, 3, is_half, scaling);
    } else {
        compute_any(s, d, band, w, phases, is_half, scaling);
    }
}

INLINE void compute_scaled(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, work *w, bool is_half,
    mw_scaling scaling) {
    w->requantize = constants(d, band, scaling, lanes_of(is_half));
    w->is_plain = is_half ? w->stride == 8 : band->channels == 16;
    switch (s->phases) {
    case 1: compute_of(s, d, band, w, 1, is_half, scaling); break;
    case 2: compute_of(s, d, band, w, 2, is_half, scaling); break;
    default: compute_any(s, d, band, w, 4, is_half, scaling); break;
    }
}

INLINE mw_scaling scaling_of(const mw_s8_depthwise *d, const mw_strip_band *band) {
    if (d->requantization.fixed_scales != NULL) {
        return d->requantization.fixed_negative_offsets != NULL ? MW_SCALE_FIXED_SIGNED : MW_SCALE_FIXED;
    }
    if (mw_is_integer(d->requantization.kind)) return MW_SCALE_INTEGER;
    if (d->requantization.kind != MW_REQUANTIZE_FLOAT) return MW_SCALE_TWO_STEP;
    const __m512 scales = _mm512_abs_ps(_mm512_loadu_ps(d->requantization.scales + band->block * MW_STRIP_LANES));
    return _mm512_cmp_ps_mask(scales, _mm512_set1_ps(1), _CMP_LT_OQ) == 0xFFFF ? MW_SCALE_DOWN : MW_SCALE_FLOAT;
}

INLINE void compute_band(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_band *band) {
    const size_t block_bytes = mw_packed_block_bytes(s, d);
    work w = {
        .weights = (const int8_t *)packed + mw_packed_weights_offset(s) + band->block * block_bytes,
        .plane_bytes = s->blocks * block_bytes,
        .planes = ((const int32_t *)((const char *)packed + mw_packed_planes_offset(s)))[band->block],
        .bias = _mm512_loadu_si512((const int32_t *)packed + band->block * MW_STRIP_LANES),
        .stride = d->channels,
        .row_stride = d->output_columns * d->channels,
        .depthwise = d,
        .band = band,
    };
    switch (scaling_of(d, band)) {
    case MW_SCALE_DOWN:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_DOWN);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_DOWN);
        break;
    case MW_SCALE_FLOAT:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_FLOAT);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_FLOAT);
        break;
    case MW_SCALE_TWO_STEP:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_TWO_STEP);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_TWO_STEP);
        break;
    case MW_SCALE_FIXED:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_FIXED);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_FIXED);
        break;
    case MW_SCALE_FIXED_SIGNED:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_FIXED_SIGNED);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_FIXED_SIGNED);
        break;
    case MW_SCALE_INTEGER:
        if (band->is_half) compute_scaled(s, d, band, &w, true, MW_SCALE_INTEGER);
        else compute_scaled(s, d, band, &w, false, MW_SCALE_INTEGER);
        break;
    }
}

#endif
