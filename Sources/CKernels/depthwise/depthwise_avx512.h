#ifndef MW_DEPTHWISE_AVX512_H
#define MW_DEPTHWISE_AVX512_H

// The depthwise convolution of AVX-512 VNNI. The file that includes this defines TARGET, the instruction sets, and
// HAS_VBMI, whether bytes of two registers can be gathered at once (1 or 0).

#include "../requantize/requantize_avx512.h"
#include "packed_bytes.h"

#define INLINE __attribute__((target(TARGET), always_inline)) static inline

// vpdpbusd takes unsigned bytes: strips hold inputs moved up by 128, and the folded bias takes that away again. A sum
// of four products of at most 255 * 128 does not saturate; whole sums are modulo 2^32 as the seam says.
enum { OFFSET = 128 };

// ---- strips

// Hides from the compiler which numbers an index holds: it would make three or four shuffles of two.
#define OPAQUE(vector) __asm__("" : "+v"(vector))

INLINE __m512i flipped(__m512i bytes) { return _mm512_xor_si512(bytes, _mm512_set1_epi8((char)OFFSET)); }

// 4 positions of 16 channels, a position in each quarter: to 4 bytes a channel.
INLINE __m512i interleave16(__m512i positions) {
    __m512i quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i bytes = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    OPAQUE(quarters);
    OPAQUE(bytes);
    return flipped(_mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, positions), bytes));
}

INLINE __m256i interleave8(__m256i positions) {
    __m256i halves = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    __m256i bytes = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    OPAQUE(halves);
    OPAQUE(bytes);
    const __m256i gathered = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(positions, halves), bytes);
    return _mm256_xor_si256(gathered, _mm256_set1_epi8((char)OFFSET));
}

INLINE __m128i load16(const int8_t *from) { return _mm_loadu_si128((const __m128i *)from); }
INLINE __m256i load32(const int8_t *from) { return _mm256_loadu_si256((const __m256i *)from); }

// The unit of one block whose positions lie at p[0...3].
INLINE void make_one(const int8_t *const p[4], uint8_t *to) {
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(p[0])), load16(p[1]), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(p[2])), load16(p[3]), 1);
    _mm512_store_si512(to, interleave16(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)));
}

#if HAS_VBMI
// Byte 4 * c + k of the lower index is channel c of position k, positions 32 bytes apart; the upper one 16 channels on.
typedef struct {
    __m512i lower, upper;
} pair_index;

INLINE pair_index pair_indices(void) {
    const __m512i channels = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i spread = _mm512_mullo_epi32(channels, _mm512_set1_epi32(0x01010101));
    pair_index index = {.lower = _mm512_add_epi8(spread, _mm512_set1_epi32(0x60402000))};
    index.upper = _mm512_add_epi8(index.lower, _mm512_set1_epi8(16));
    OPAQUE(index.lower);
    OPAQUE(index.upper);
    return index;
}

// Two positions of 32 channels.
INLINE __m512i load_pair(const int8_t *one, const int8_t *other) {
    return flipped(_mm512_inserti64x4(_mm512_castsi256_si512(load32(one)), load32(other), 1));
}

// The units of two blocks.
INLINE void make_two(const pair_index *index, __m512i first, __m512i second, uint8_t *to, size_t block_bytes) {
    _mm512_store_si512(to, _mm512_permutex2var_epi8(first, index->lower, second));
    _mm512_store_si512(to + block_bytes, _mm512_permutex2var_epi8(first, index->upper, second));
}
#endif

// A block that is not whole. Masked loads touch no byte beyond the last channel.
INLINE void make_part(const int8_t *const p[4], size_t channels, bool is_half, uint8_t *to) {
    const __mmask64 kept = ((__mmask64)1 << channels) - 1;
    __m128i x[4];
    for (size_t i = 0; i < 4; i++) x[i] = _mm512_castsi512_si128(_mm512_maskz_loadu_epi8(kept, p[i]));
    if (is_half) {
        const __m128i low = _mm_unpacklo_epi64(x[0], x[1]), high = _mm_unpacklo_epi64(x[2], x[3]);
        _mm256_store_si256((__m256i *)to, interleave8(_mm256_setr_m128i(low, high)));
    } else {
        const __m256i low = _mm256_setr_m128i(x[0], x[1]), high = _mm256_setr_m128i(x[2], x[3]);
        _mm512_store_si512(to, interleave16(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)));
    }
}

INLINE void make_blocks(const mw_strips *s, const int8_t *p[4], size_t blocks, uint8_t *to) {
    const size_t block_bytes = s->units * MW_STRIP_UNIT_BYTES;
    size_t block = 0;
#if HAS_VBMI
    const pair_index index = pair_indices();
    for (; block + 2 <= blocks; block += 2, to += 2 * block_bytes) {
        make_two(&index, load_pair(p[0], p[1]), load_pair(p[2], p[3]), to, block_bytes);
        for (size_t i = 0; i < 4; i++) p[i] += 2 * MW_STRIP_LANES;
    }
#endif
    for (; block < blocks; block++, to += block_bytes) {
        make_one(p, to);
        for (size_t i = 0; i < 4; i++) p[i] += MW_STRIP_LANES;
    }
}

INLINE void make_units(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip, size_t from, size_t to) {
    const size_t whole = strip->last_channels < MW_STRIP_LANES ? strip->blocks - 1 : strip->blocks;
    for (size_t unit = from; unit < to; unit++) {
        const size_t position = mw_strip_position(s, unit);
        const int8_t *p[4];
        for (size_t i = 0; i < 4; i++) p[i] = mw_strip_at(d, strip, position + i * s->step);
        uint8_t *const strips = (uint8_t *)strip->to;
        make_blocks(s, p, whole, strips + unit * MW_STRIP_UNIT_BYTES);
        if (whole < strip->blocks) {
            const size_t bytes = strip->ends_in_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES;
            uint8_t *const block = strips + whole * s->units * MW_STRIP_UNIT_BYTES;
            make_part(p, strip->last_channels, strip->ends_in_half, block + unit * bytes);
        }
    }
}

// Units within the row, whose positions are equally far apart.
INLINE void make_inner(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    const size_t c = d->channels, apart = s->step * c, next = s->group_step * c;
    const int8_t *first = strip->row + (strip->first_position + mw_strip_position(s, strip->inner_from)) * c;
    uint8_t *const to = (uint8_t *)strip->to;
    if (c == MW_STRIP_LANES && s->step == 1) {
        for (size_t unit = strip->inner_from; unit < strip->inner_to; unit++, first += next) {
            _mm512_store_si512(to + unit * MW_STRIP_UNIT_BYTES, interleave16(_mm512_loadu_si512(first)));
        }
    } else if (c == MW_STRIP_LANES / 2 && s->step == 1) {
        for (size_t unit = strip->inner_from; unit < strip->inner_to; unit++, first += next) {
            const size_t at = unit * (MW_STRIP_UNIT_BYTES / 2);
            _mm256_store_si256((__m256i *)(to + at), interleave8(load32(first)));
        }
    } else {
        const size_t units = strip->inner_to - strip->inner_from, block_bytes = s->units * MW_STRIP_UNIT_BYTES;
        uint8_t *block = to + strip->inner_from * MW_STRIP_UNIT_BYTES;
        size_t k = 0;
#if HAS_VBMI
        const pair_index index = pair_indices();
        for (; k + 2 <= strip->blocks; k += 2, block += 2 * block_bytes, first += 2 * MW_STRIP_LANES) {
            const int8_t *from = first;
            uint8_t *unit = block;
            if (s->group_step == 2 && s->step == 1) {
                // The last two positions of a unit are the first two of the next.
                __m512i begin = load_pair(from, from + apart);
                for (size_t i = 0; i < units; i++, from += next, unit += MW_STRIP_UNIT_BYTES) {
                    const __m512i end = load_pair(from + next, from + next + apart);
                    make_two(&index, begin, end, unit, block_bytes);
                    begin = end;
                }
            } else {
                for (size_t i = 0; i < units; i++, from += next, unit += MW_STRIP_UNIT_BYTES) {
                    const __m512i begin = load_pair(from, from + apart);
                    const __m512i end = load_pair(from + 2 * apart, from + 3 * apart);
                    make_two(&index, begin, end, unit, block_bytes);
                }
            }
        }
#endif
        for (; k < strip->blocks; k++, block += block_bytes, first += MW_STRIP_LANES) {
            const int8_t *from = first;
            uint8_t *unit = block;
            for (size_t i = 0; i < units; i++, from += next, unit += MW_STRIP_UNIT_BYTES) {
                const int8_t *const p[4] = {from, from + apart, from + 2 * apart, from + 3 * apart};
                make_one(p, unit);
            }
        }
    }
}

INLINE void make_strip(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    const bool is_even =
        s->own == 1 && (strip->last_channels == MW_STRIP_LANES || (d->channels == MW_STRIP_LANES / 2 && s->step == 1));
    if (is_even && !strip->is_outside && strip->inner_from < strip->inner_to) {
        make_units(s, d, strip, 0, strip->inner_from);
        make_inner(s, d, strip);
        make_units(s, d, strip, strip->inner_to, s->units);
    } else {
        make_units(s, d, strip, 0, s->units);
    }
}

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
} work;

INLINE mw_requantize_avx512 constants(
    const mw_s8_depthwise *d, const mw_strip_band *band, mw_scaling scaling, __m512i lanes) {
    const mw_requantization *const how = &d->requantization;
    const size_t first = band->block * MW_STRIP_LANES;
    if (scaling != MW_SCALE_TWO_STEP) {
        return mw_requantize_avx512_of(
            how, _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->scales + first)), lanes, lanes, lanes);
    }
    const __m512i channels = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)first));
    const __m512i ties_up = _mm512_set1_epi32(mw_ties_up_channels(d));
    return mw_requantize_avx512_of(
        how, _mm512_setzero_ps(), _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->multipliers + first)),
        _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->shifts + first)),
        _mm512_maskz_set1_epi32(_mm512_cmpge_epi32_mask(channels, ties_up), -1));
}

// Of the packed bytes, dword 4 * i + k is channels 4 * i... of sums k: put them as the outputs lie in memory. In a half
// block, i of 2 and 3 belong to the next group.
INLINE __m512i order_of(size_t phases, bool is_half) {
    if (!is_half) return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (phases == 1) return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (phases == 2) return _mm512_setr_epi32(0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15);
    return _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
}

INLINE __m512i bytes_of(const work *w, size_t phases, bool is_half, mw_scaling scaling, __m512i sums[4]) {
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 4; k++) sums[k] = mw_scale_avx512(&w->requantize, scaling, sums[k]);
    __m512i order = order_of(phases, is_half);
    OPAQUE(order);
    return _mm512_permutexvar_epi32(
        order, mw_pack_avx512(&w->requantize, sums[0], sums[1], sums[2], sums[3]));
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

// The same for three kernel rows of one segment and plane, whose weights stay in registers.
INLINE __m512i sums_of_three(
    const work *w, const uint8_t *const rows[3], const __m512i *weights, size_t offset, size_t phases, bool is_half,
    mw_scaling scaling) {
    __m512i sums[4] = {w->bias, w->bias, w->bias, w->bias};
#pragma clang loop unroll(full)
    for (size_t u = 0; u < 3; u++) {
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) {
            const __m512i x = _mm512_loadu_si512(rows[u] + offset + k / phases * MW_STRIP_UNIT_BYTES);
            sums[k] = _mm512_dpbusd_epi32(sums[k], x, weights[u * phases + k % phases]);
        }
    }
    return bytes_of(w, phases, is_half, scaling, sums);
}

INLINE void compute_three(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t phases,
    bool is_half, mw_scaling scaling) {
    const size_t at_once = is_half ? 8 : 4, stride = w->stride, outputs = band->outputs;
    // Bytes of the strips behind four sums.
    const size_t next = 4 / phases * MW_STRIP_UNIT_BYTES, strip_bytes = mw_strips_bytes(s);
    __m512i weights[6];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 3 * phases; k++) weights[k] = _mm512_load_si512(w->weights + k * MW_STRIP_UNIT_BYTES);
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
        if (w->is_plain) {
            for (; done + at_once <= outputs; done += at_once, offset += next, to += at_once * stride) {
                const __m512i bytes = sums_of_three(w, rows, weights, offset, phases, is_half, scaling);
                store_whole(to, stride, is_half, bytes);
            }
        }
        for (; done < outputs; done += at_once, offset += next, to += at_once * stride) {
            const __m512i bytes = sums_of_three(w, rows, weights, offset, phases, is_half, scaling);
            store_part(to, w, band, outputs - done, is_half, bytes);
        }
    }
}

INLINE void compute_of(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t phases,
    bool is_half, mw_scaling scaling) {
    if (phases <= 2 && d->taps_y == 3 && s->segments == 1 && w->planes == 1) {
        compute_three(s, d, band, w, phases, is_half, scaling);
    } else {
        compute_any(s, d, band, w, phases, is_half, scaling);
    }
}

INLINE void compute_scaled(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, work *w, bool is_half,
    mw_scaling scaling) {
    // The constants of a half block twice.
    const __m512i lanes = is_half ? _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7)
                                  : _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    w->requantize = constants(d, band, scaling, lanes);
    w->is_plain = is_half ? w->stride == 8 : band->channels == 16;
    switch (s->phases) {
    case 1: compute_of(s, d, band, w, 1, is_half, scaling); break;
    case 2: compute_of(s, d, band, w, 2, is_half, scaling); break;
    default: compute_any(s, d, band, w, 4, is_half, scaling); break;
    }
}

INLINE mw_scaling scaling_of(const mw_s8_depthwise *d, const mw_strip_band *band) {
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
    }
}

#endif
