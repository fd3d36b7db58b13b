#if defined(__x86_64__)

#include "../requantize/requantize_avx512.h"
#include "kernels.h"
#include "packed_bytes.h"

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vnni")))
#define VNNI_INLINE __attribute__((target("avx2,avx512f,avx512bw,avx512vnni"), always_inline)) static inline

// vpdpbusd takes unsigned bytes: strips hold inputs moved up by 128, and the folded bias takes that away again. A sum of
// four products of at most 255 * 128 does not saturate; whole sums are modulo 2^32 as the seam says.
enum { OFFSET = 128 };

size_t mw_s8_depthwise_packed_bytes__avx512_vnni(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 4);
    return mw_packed_size(&s, d);
}

size_t mw_s8_depthwise_scratch_bytes__avx512_vnni(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 4);
    return mw_strips_scratch_bytes(&s, d);
}

void mw_s8_depthwise_pack__avx512_vnni(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    const mw_strips s = mw_strips_of(d, 4);
    mw_pack_bytes(&s, d, weights, weight_zero_points, bias, OFFSET, packed);
}

// ---- strips

// 4 positions of 16 channels, a position in each quarter: to 4 bytes a channel.
VNNI_INLINE __m512i interleave16(__m512i positions) {
    const __m512i quarters =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i gathered = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, positions), bytes);
    return _mm512_xor_si512(gathered, _mm512_set1_epi8((char)OFFSET));
}

VNNI_INLINE __m256i interleave8(__m256i positions) {
    const __m256i halves = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const __m256i bytes = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i gathered = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(positions, halves), bytes);
    return _mm256_xor_si256(gathered, _mm256_set1_epi8((char)OFFSET));
}

// The unit of one block whose positions lie at p[0...3]. Masked loads touch no byte beyond the last channel.
VNNI_INLINE void make_whole(const int8_t *const p[4], uint8_t *to) {
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)p[0]));
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[1]), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[2]), 2);
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p[3]), 3);
    _mm512_store_si512(to, interleave16(x));
}

VNNI_INLINE void make_part(const int8_t *const p[4], size_t channels, bool is_half, uint8_t *to) {
    const __mmask64 kept = ((__mmask64)1 << channels) - 1;
    __m128i x[4];
    for (size_t i = 0; i < 4; i++) x[i] = _mm512_castsi512_si128(_mm512_maskz_loadu_epi8(kept, p[i]));
    if (is_half) {
        const __m128i low = _mm_unpacklo_epi64(x[0], x[1]), high = _mm_unpacklo_epi64(x[2], x[3]);
        _mm256_store_si256((__m256i *)to, interleave8(_mm256_setr_m128i(low, high)));
    } else {
        __m512i all = _mm512_inserti32x4(_mm512_castsi128_si512(x[0]), x[1], 1);
        all = _mm512_inserti32x4(_mm512_inserti32x4(all, x[2], 2), x[3], 3);
        _mm512_store_si512(to, interleave16(all));
    }
}

VNNI_INLINE void make_units(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip, size_t from, size_t to) {
    const size_t block_bytes = s->units * MW_STRIP_UNIT_BYTES;
    const size_t whole = strip->last_channels < MW_STRIP_LANES ? strip->blocks - 1 : strip->blocks;
    for (size_t unit = from; unit < to; unit++) {
        const size_t position = mw_strip_position(s, unit);
        const int8_t *p[4];
        for (size_t i = 0; i < 4; i++) p[i] = mw_strip_at(d, strip, position + i * s->step);
        uint8_t *block = (uint8_t *)strip->to;
        for (size_t k = 0; k < whole; k++, block += block_bytes) {
            make_whole(p, block + unit * MW_STRIP_UNIT_BYTES);
            for (size_t i = 0; i < 4; i++) p[i] += MW_STRIP_LANES;
        }
        if (whole < strip->blocks) {
            const size_t bytes = strip->ends_in_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES;
            make_part(p, strip->last_channels, strip->ends_in_half, block + unit * bytes);
        }
    }
}

// Units within the row, whose positions are equally far apart.
VNNI_INLINE void make_inner(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    const size_t c = d->channels, apart = s->step * c, next = s->group_step * c;
    const int8_t *first =
        strip->row + (strip->first_position + mw_strip_position(s, strip->inner_from)) * c;
    uint8_t *to = (uint8_t *)strip->to;
    if (c == MW_STRIP_LANES && s->step == 1) {
        for (size_t unit = strip->inner_from; unit < strip->inner_to; unit++, first += next) {
            _mm512_store_si512(to + unit * MW_STRIP_UNIT_BYTES, interleave16(_mm512_loadu_si512(first)));
        }
    } else if (c == MW_STRIP_LANES / 2 && s->step == 1) {
        for (size_t unit = strip->inner_from; unit < strip->inner_to; unit++, first += next) {
            const __m256i x = interleave8(_mm256_loadu_si256((const __m256i *)first));
            _mm256_store_si256((__m256i *)(to + unit * (MW_STRIP_UNIT_BYTES / 2)), x);
        }
    } else {
        for (size_t unit = strip->inner_from; unit < strip->inner_to; unit++, first += next) {
            uint8_t *block = to + unit * MW_STRIP_UNIT_BYTES;
            for (size_t k = 0; k < strip->blocks; k++, block += s->units * MW_STRIP_UNIT_BYTES) {
                const int8_t *const at = first + k * MW_STRIP_LANES;
                const int8_t *const p[4] = {at, at + apart, at + 2 * apart, at + 3 * apart};
                make_whole(p, block);
            }
        }
    }
}

VNNI static void make(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
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
    const uint8_t *const *rows;
    const int8_t *weights;
    size_t plane_bytes;
    int32_t planes;
    __m512i bias;
    mw_requantize_avx512 requantize;
    __m512i order;
    size_t outputs, channels, stride;
    int8_t *output;
} work;

VNNI_INLINE mw_requantize_avx512 constants(const mw_s8_depthwise *d, const mw_strip_row *row, bool is_float) {
    const mw_requantization *const how = &d->requantization;
    const size_t first = row->block * MW_STRIP_LANES;
    // The constants of a half block twice.
    const __m512i lanes = row->is_half ? _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7)
                                       : _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    if (is_float) {
        const __m512 scales = _mm512_permutexvar_ps(lanes, _mm512_loadu_ps(how->scales + first));
        return mw_requantize_avx512_load(how, true, scales, lanes, lanes, lanes);
    }
    const __m512i channels = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)first));
    const __m512i ties_up = _mm512_set1_epi32((int32_t)mw_smaller(d->ties_up_channels, INT32_MAX));
    const __m512i away = _mm512_maskz_set1_epi32(_mm512_cmpge_epi32_mask(channels, ties_up), -1);
    return mw_requantize_avx512_load(
        how, false, _mm512_setzero_ps(), _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->multipliers + first)),
        _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(how->shifts + first)), away);
}

// Of the packed bytes, dword 4 * i + k is channels 4 * i... of sums k: put them as the outputs lie in memory.
VNNI_INLINE __m512i order_of(size_t phases, bool is_half) {
    int32_t order[16];
    for (size_t i = 0; i < 16; i++) {
        const size_t output = is_half ? i / 2 : i / 4, quarter = is_half ? i % 2 : i % 4;
        const size_t group = output / phases, phase = output % phases;
        order[i] = (int32_t)(is_half ? (group % 2 * 2 + quarter) * 4 + group / 2 * phases + phase : quarter * 4 + output);
    }
    return _mm512_loadu_si512(order);
}

VNNI_INLINE void store(const work *w, size_t done, size_t at_once, __m512i bytes) {
    const size_t each = MW_STRIP_UNIT_BYTES / at_once, count = mw_smaller(at_once, w->outputs - done);
    int8_t *const to = w->output + done * w->stride;
    if (w->stride == each && count == at_once) {
        _mm512_storeu_si512(to, bytes);
    } else if (w->channels == 16 && count == at_once) {
        _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
        _mm_storeu_si128((__m128i *)(to + w->stride), _mm512_extracti32x4_epi32(bytes, 1));
        _mm_storeu_si128((__m128i *)(to + 2 * w->stride), _mm512_extracti32x4_epi32(bytes, 2));
        _mm_storeu_si128((__m128i *)(to + 3 * w->stride), _mm512_extracti32x4_epi32(bytes, 3));
    } else {
        int8_t kept[64];
        _mm512_storeu_si512(kept, bytes);
        for (size_t i = 0; i < count; i++) memcpy(to + i * w->stride, kept + i * each, w->channels);
    }
}

VNNI_INLINE __m512i load_unit(const work *w, size_t u, size_t unit, bool is_half) {
    return _mm512_loadu_si512(w->rows[u] + unit * (is_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES));
}

// Four sums at a time: groups / 4 of all phases. In a half block each holds two groups.
VNNI_INLINE void compute_any(
    const mw_strips *s, const work *w, size_t taps_y, size_t phases, bool is_half, bool is_float) {
    const size_t at_once = is_half ? 8 : 4, paired = is_half ? 2 : 1, own = s->own, segments = s->segments;
    for (size_t done = 0; done < w->outputs; done += at_once) {
        const size_t group = done / phases;
        __m512i sums[4] = {w->bias, w->bias, w->bias, w->bias};
        for (int32_t plane = 0; plane < w->planes; plane++) {
            const int8_t *weights = w->weights + (size_t)plane * w->plane_bytes;
            for (size_t u = 0; u < taps_y; u++) {
                for (size_t segment = 0; segment < segments; segment++) {
#pragma clang loop unroll(full)
                    for (size_t k = 0; k < 4; k++) {
                        const size_t unit = (group + k / phases * paired) * own + segment;
                        const __m512i x = load_unit(w, u, unit, is_half);
                        const __m512i y = _mm512_load_si512(weights + k % phases * MW_STRIP_UNIT_BYTES);
                        sums[k] = _mm512_dpbusd_epi32(sums[k], x, y);
                    }
                    weights += phases * MW_STRIP_UNIT_BYTES;
                }
            }
        }
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) sums[k] = mw_scale_avx512(&w->requantize, is_float, sums[k]);
        const __m512i packed = mw_pack_avx512(&w->requantize, sums[0], sums[1], sums[2], sums[3]);
        store(w, done, at_once, _mm512_permutexvar_epi32(w->order, packed));
    }
}

// Three kernel rows of one segment and plane: the weights stay in registers along the row.
VNNI_INLINE void compute_three(const work *w, size_t phases, bool is_half, bool is_float) {
    const size_t at_once = is_half ? 8 : 4, paired = is_half ? 2 : 1;
    const uint8_t *const rows[3] = {w->rows[0], w->rows[1], w->rows[2]};
    __m512i weights[6];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 3 * phases; k++) weights[k] = _mm512_load_si512(w->weights + k * MW_STRIP_UNIT_BYTES);
    const size_t unit_bytes = is_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES;
    for (size_t done = 0; done < w->outputs; done += at_once) {
        const size_t offset = done / phases * unit_bytes;
        __m512i sums[4] = {w->bias, w->bias, w->bias, w->bias};
#pragma clang loop unroll(full)
        for (size_t u = 0; u < 3; u++) {
#pragma clang loop unroll(full)
            for (size_t k = 0; k < 4; k++) {
                const __m512i x = _mm512_loadu_si512(rows[u] + offset + k / phases * paired * unit_bytes);
                sums[k] = _mm512_dpbusd_epi32(sums[k], x, weights[u * phases + k % phases]);
            }
        }
#pragma clang loop unroll(full)
        for (size_t k = 0; k < 4; k++) sums[k] = mw_scale_avx512(&w->requantize, is_float, sums[k]);
        const __m512i packed = mw_pack_avx512(&w->requantize, sums[0], sums[1], sums[2], sums[3]);
        store(w, done, at_once, _mm512_permutexvar_epi32(w->order, packed));
    }
}

VNNI_INLINE void compute_of(
    const mw_strips *s, const mw_s8_depthwise *d, work *w, const mw_strip_row *row, size_t phases, bool is_half,
    bool is_float) {
    w->requantize = constants(d, row, is_float);
    w->order = order_of(phases, is_half);
    if (phases <= 2 && d->taps_y == 3 && s->segments == 1 && w->planes == 1) {
        compute_three(w, phases, is_half, is_float);
    } else {
        compute_any(s, w, d->taps_y, phases, is_half, is_float);
    }
}

VNNI_INLINE void compute_by_phases(
    const mw_strips *s, const mw_s8_depthwise *d, work *w, const mw_strip_row *row, bool is_half, bool is_float) {
    switch (s->phases) {
    case 1: compute_of(s, d, w, row, 1, is_half, is_float); break;
    case 2: compute_of(s, d, w, row, 2, is_half, is_float); break;
    default: compute_of(s, d, w, row, 4, is_half, is_float); break;
    }
}

VNNI static void compute(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_row *row) {
    const size_t block_bytes = mw_packed_block_bytes(s, d);
    work w = {
        .rows = row->rows,
        .weights = (const int8_t *)packed + mw_packed_weights_offset(s) + row->block * block_bytes,
        .plane_bytes = s->blocks * block_bytes,
        .planes = ((const int32_t *)((const char *)packed + mw_packed_planes_offset(s)))[row->block],
        .bias = _mm512_loadu_si512((const int32_t *)packed + row->block * MW_STRIP_LANES),
        .outputs = row->outputs,
        .channels = row->channels,
        .stride = d->channels,
        .output = row->output,
    };
    if (d->requantization.kind == MW_REQUANTIZE_FLOAT) {
        if (row->is_half) compute_by_phases(s, d, &w, row, true, true);
        else compute_by_phases(s, d, &w, row, false, true);
    } else {
        if (row->is_half) compute_by_phases(s, d, &w, row, true, false);
        else compute_by_phases(s, d, &w, row, false, false);
    }
}

VNNI void mw_s8_depthwise_run__avx512_vnni(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    const mw_strips s = mw_strips_of(d, 4);
    mw_strips_walk(&s, d, packed, input, output, first_row, last_row, scratch, make, compute);
}

#endif
