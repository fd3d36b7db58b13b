#ifndef MW_DEPTHWISE_AVX512_STRIPS_H
#define MW_DEPTHWISE_AVX512_STRIPS_H

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

#endif
