#if defined(__x86_64__)

#include "../requantize/requantize_avx2.h"
#include "kernels.h"
#include "strips.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX2_INLINE __attribute__((target("avx2,fma"), always_inline)) static inline

// Strips of 2 numbers of 16 bits a lane and vpmaddwd: products of at most 2^8 * 2^8, two of which 32 bits hold. (The
// instruction on bytes, vpmaddubsw, saturates its sums at 16 bits.) Whole sums are modulo 2^32 as the seam says.
//
// Packed: bias int32 [blocks][16], with the zero point folded in; then weights int16, less their zero points:
// [blocks][taps_y][segments][phases][16][2].

static size_t block_bytes(const mw_strips *s, const mw_s8_depthwise *d) {
    return d->taps_y * s->segments * s->phases * MW_STRIP_UNIT_BYTES;
}

size_t mw_s8_depthwise_packed_bytes__avx2(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 2);
    return s.blocks * (MW_STRIP_UNIT_BYTES + block_bytes(&s, d));
}

size_t mw_s8_depthwise_scratch_bytes__avx2(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 2);
    return mw_strips_scratch_bytes(&s);
}

void mw_s8_depthwise_pack__avx2(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    const mw_strips s = mw_strips_of(d, 2);
    int32_t *const folded = packed;
    int16_t *unit = (int16_t *)(folded + s.blocks * MW_STRIP_LANES);
    memset(packed, 0, mw_s8_depthwise_packed_bytes__avx2(d));
    for (size_t block = 0; block < s.blocks; block++) {
        const bool is_half = s.half > 0 && block + 1 == s.blocks;
        for (size_t u = 0; u < d->taps_y; u++) {
            for (size_t k = 0; k < s.segments * s.phases; k++, unit += 2 * MW_STRIP_LANES) {
                for (size_t i = 0; i < 2 * MW_STRIP_LANES; i++) {
                    const size_t channel = block * MW_STRIP_LANES + (is_half ? i / 2 % 8 : i / 2);
                    const size_t tap = mw_strips_tap(&s, d, k / s.phases, i % 2, k % s.phases);
                    if (channel >= d->channels || tap >= d->taps_x) continue;
                    unit[i] = (int16_t)(weights[(u * d->taps_x + tap) * d->channels + channel]
                                        - (weight_zero_points ? weight_zero_points[channel] : 0));
                }
            }
        }
        for (size_t lane = 0; lane < MW_STRIP_LANES; lane++) {
            const size_t channel = block * MW_STRIP_LANES + (is_half ? lane % 8 : lane);
            if (channel >= d->channels) continue;
            uint32_t sum = 0;
            for (size_t tap = 0; tap < d->taps_y * d->taps_x; tap++) {
                sum += (uint32_t)(weights[tap * d->channels + channel]
                                  - (weight_zero_points ? weight_zero_points[channel] : 0));
            }
            folded[block * MW_STRIP_LANES + lane] =
                (int32_t)((uint32_t)bias[channel] - (uint32_t)d->input_zero_point * sum);
        }
    }
}

// ---- strips

// 16 channels of two positions: to 2 numbers a channel.
AVX2_INLINE void interleave(__m128i one, __m128i other, bool is_half, uint8_t *to) {
    const __m256i low = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(one, other));
    _mm256_storeu_si256((__m256i *)to, low);
    if (is_half) return;
    const __m256i high = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(one, other));
    _mm256_storeu_si256((__m256i *)(to + 32), high);
}

AVX2_INLINE __m128i load_channels(const int8_t *from, size_t channels) {
    if (channels == MW_STRIP_LANES) return _mm_loadu_si128((const __m128i *)from);
    if (channels == 8) return _mm_loadl_epi64((const __m128i *)from);
    int8_t kept[MW_STRIP_LANES] = {0};
    memcpy(kept, from, channels);
    return _mm_loadu_si128((const __m128i *)kept);
}

AVX2 static void make(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    for (size_t unit = 0; unit < s->units; unit++) {
        const size_t position = mw_strip_position(s, unit);
        const int8_t *const one = mw_strip_at(d, strip, position);
        const int8_t *const other = mw_strip_at(d, strip, position + s->step);
        uint8_t *block = (uint8_t *)strip->to;
        for (size_t k = 0; k < strip->blocks; k++, block += s->units * MW_STRIP_UNIT_BYTES) {
            const bool is_last = k + 1 == strip->blocks, is_half = is_last && strip->ends_in_half;
            const size_t channels = is_last ? strip->last_channels : MW_STRIP_LANES;
            interleave(
                load_channels(one + k * MW_STRIP_LANES, channels), load_channels(other + k * MW_STRIP_LANES, channels),
                is_half, block + unit * (is_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES));
        }
    }
}

// ---- sums

typedef struct {
    const int8_t *weights;
    __m256i bias[2];
    mw_requantize_avx2 requantize[2];
    /// For the quicker way.
    mw_fixed_avx2 fixed[2];
    __m256i near;
    mw_pack_constants_avx2 pack;
} work;

typedef enum { WAY_FLOAT, WAY_TWO_STEP, WAY_INTEGER, WAY_FIXED, WAY_FIXED_SIGNED } scaling_way;

static scaling_way way_of(const mw_requantization *how) {
    if (how->fixed_scales != NULL) return how->fixed_negative_offsets != NULL ? WAY_FIXED_SIGNED : WAY_FIXED;
    if (how->kind == MW_REQUANTIZE_FLOAT) return WAY_FLOAT;
    return mw_is_integer(how->kind) ? WAY_INTEGER : WAY_TWO_STEP;
}

// Of channels first...first + 7: -1 where ties go away from zero.
AVX2_INLINE __m256i away_of(const mw_s8_depthwise *d, size_t first) {
    const __m256i lanes = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
    const __m256i behind = _mm256_add_epi32(lanes, _mm256_set1_epi32((int32_t)first));
    return _mm256_cmpgt_epi32(behind, _mm256_set1_epi32(mw_ties_up_channels(d)));
}

AVX2_INLINE mw_requantize_avx2 constants(const mw_s8_depthwise *d, size_t first, bool is_float) {
    const mw_requantization *const how = &d->requantization;
    const __m256i zero = _mm256_setzero_si256();
    if (is_float) return mw_requantize_avx2_of(_mm256_loadu_ps(how->scales + first), zero, zero, zero);
    return mw_requantize_avx2_of(
        _mm256_setzero_ps(), _mm256_loadu_si256((const __m256i *)(how->multipliers + first)),
        _mm256_loadu_si256((const __m256i *)(how->shifts + first)), away_of(d, first));
}

// Four vectors of sums to 32 bytes.
AVX2_INLINE __m256i bytes_of(
    const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, scaling_way way, const __m256i sums[4]) {
    __m256i v[4];
    if (way == WAY_FLOAT || way == WAY_TWO_STEP || way == WAY_INTEGER) {
        const mw_scaling_avx2 scaling = way == WAY_FLOAT ? MW_SCALE_FLOAT_AVX2
            : way == WAY_TWO_STEP                        ? MW_SCALE_TWO_STEP_AVX2
                                                         : MW_SCALE_INTEGER_AVX2;
        for (size_t i = 0; i < 4; i++) v[i] = mw_scale_avx2(&w->requantize[i % 2], scaling, sums[i]);
        return mw_pack_avx2(&w->pack, v[0], v[1], v[2], v[3]);
    }
    for (size_t i = 0; i < 4; i++) v[i] = mw_scale_fixed_avx2(&w->fixed[i % 2], way == WAY_FIXED_SIGNED, sums[i]);
    if (mw_is_near_avx2(v, w->near)) {
        const mw_requantization *const how = &d->requantization;
        const size_t first = band->block * MW_STRIP_LANES, second = band->is_half ? first : first + 8;
        const int32_t *const multipliers[2] = {how->multipliers + first, how->multipliers + second};
        const int32_t *const shifts[2] = {how->shifts + first, how->shifts + second};
        const __m256i away[2] = {away_of(d, first), away_of(d, second)};
        __m256i again[4] = {sums[0], sums[1], sums[2], sums[3]};
        mw_scale_near_avx2(how->kind, multipliers, shifts, away, again);
        for (size_t i = 0; i < 4; i++) v[i] = again[i];
    }
    return mw_pack_fixed_avx2(&w->pack, v);
}

// Two vectors of sums at a time, to 32 bytes: neighbouring groups of one phase, or two phases of a group; in a half
// block each vector holds two groups.
AVX2_INLINE __m256i two_vectors(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, size_t slot, size_t group,
    size_t phase, bool is_half, scaling_way way) {
    const size_t unit_bytes = is_half ? MW_STRIP_UNIT_BYTES / 2 : MW_STRIP_UNIT_BYTES;
    const size_t apart = s->phases > 1 ? 0 : (is_half ? 2 : 1) * s->own * unit_bytes;
    const size_t weights_apart = s->phases > 1 ? MW_STRIP_UNIT_BYTES : 0;
    __m256i a0 = w->bias[0], a1 = w->bias[1], b0 = a0, b1 = a1;
    const int8_t *weights = w->weights + phase * MW_STRIP_UNIT_BYTES;
    for (size_t u = 0; u < d->taps_y; u++) {
        const uint8_t *x = band->strips + slot * mw_strips_bytes(s) + group * s->own * unit_bytes;
        for (size_t segment = 0; segment < s->segments; segment++) {
            const __m256i *const xa = (const __m256i *)x, *const xb = (const __m256i *)(x + apart);
            const __m256i *const ya = (const __m256i *)weights, *const yb = (const __m256i *)(weights + weights_apart);
            a0 = _mm256_add_epi32(a0, _mm256_madd_epi16(_mm256_loadu_si256(xa), _mm256_loadu_si256(ya)));
            a1 = _mm256_add_epi32(a1, _mm256_madd_epi16(_mm256_loadu_si256(xa + 1), _mm256_loadu_si256(ya + 1)));
            b0 = _mm256_add_epi32(b0, _mm256_madd_epi16(_mm256_loadu_si256(xb), _mm256_loadu_si256(yb)));
            b1 = _mm256_add_epi32(b1, _mm256_madd_epi16(_mm256_loadu_si256(xb + 1), _mm256_loadu_si256(yb + 1)));
            x += unit_bytes;
            weights += s->phases * MW_STRIP_UNIT_BYTES;
        }
        slot = mw_strips_slot(s, slot, d->dilation_y);
    }
    const __m256i sums[4] = {a0, a1, b0, b1};
    return bytes_of(d, band, w, way, sums);
}

// Bytes of one output; those beyond the row's end are left out.
AVX2_INLINE void store(
    const mw_s8_depthwise *d, const mw_strip_band *band, size_t row, size_t output, const int8_t *bytes) {
    if (output >= band->outputs) return;
    int8_t *const to = band->output + (row * d->output_columns + output) * d->channels;
    if (band->channels == 16) memcpy(to, bytes, 16);
    else if (band->channels == 8) memcpy(to, bytes, 8);
    else memcpy(to, bytes, band->channels);
}

AVX2_INLINE void compute_rows(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, bool is_half,
    scaling_way way) {
    const size_t lanes = is_half ? 8 : 16, paired = is_half ? 2 : 1;
    // Groups of one call, and how far its second vector is behind the first: in groups, or in outputs of one.
    const size_t groups = s->phases > 1 ? paired : 2 * paired;
    size_t slot = band->slot;
    for (size_t y = 0; y < band->rows; y++, slot = mw_strips_slot(s, slot, d->stride_y)) {
        for (size_t group = 0; group * s->phases < band->outputs; group += groups) {
            for (size_t phase = 0; phase < s->phases; phase += 2) {
                int8_t bytes[32];
                _mm256_storeu_si256(
                    (__m256i *)bytes, two_vectors(s, d, band, w, slot, group, phase, is_half, way));
                for (size_t k = 0; k < 32 / lanes; k++) {
                    const size_t vector = k / paired, of_group = group + k % paired;
                    const size_t output = s->phases > 1 ? of_group * s->phases + phase + vector
                                                        : of_group + vector * paired;
                    store(d, band, y, output, bytes + k * lanes);
                }
            }
        }
    }
}

AVX2_INLINE void compute_scaled(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip_band *band, const work *w, scaling_way way) {
    if (band->is_half) compute_rows(s, d, band, w, true, way);
    else compute_rows(s, d, band, w, false, way);
}

AVX2 static void compute(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_band *band) {
    const mw_requantization *const how = &d->requantization;
    const bool is_float = how->kind == MW_REQUANTIZE_FLOAT;
    // The constants of a half block twice.
    const size_t first = band->block * MW_STRIP_LANES, second = band->is_half ? first : first + 8;
    const __m256i *const bias = (const __m256i *)((const int32_t *)packed + first);
    work w = {
        .weights = (const int8_t *)packed + s->blocks * MW_STRIP_UNIT_BYTES + band->block * block_bytes(s, d),
        .bias = {_mm256_loadu_si256(bias), _mm256_loadu_si256(bias + 1)},
        .pack = mw_pack_constants_avx2_of(how->zero_point, how->low, how->high),
    };
    const scaling_way way = way_of(how);
    if (way == WAY_FIXED || way == WAY_FIXED_SIGNED) {
        w.fixed[0] = mw_fixed_avx2_of(how, first, way == WAY_FIXED_SIGNED);
        w.fixed[1] = mw_fixed_avx2_of(how, second, way == WAY_FIXED_SIGNED);
        w.near = _mm256_set1_epi32(how->fixed_near);
    } else {
        w.requantize[0] = constants(d, first, is_float);
        w.requantize[1] = constants(d, second, is_float);
    }
    switch (way) {
    case WAY_FLOAT: compute_scaled(s, d, band, &w, WAY_FLOAT); break;
    case WAY_TWO_STEP: compute_scaled(s, d, band, &w, WAY_TWO_STEP); break;
    case WAY_INTEGER: compute_scaled(s, d, band, &w, WAY_INTEGER); break;
    case WAY_FIXED: compute_scaled(s, d, band, &w, WAY_FIXED); break;
    case WAY_FIXED_SIGNED: compute_scaled(s, d, band, &w, WAY_FIXED_SIGNED); break;
    }
}

void mw_s8_depthwise_run__avx2(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    const mw_strips s = mw_strips_of(d, 2);
    mw_strips_walk(&s, d, packed, input, output, first_row, last_row, scratch, make, compute);
}

#endif
