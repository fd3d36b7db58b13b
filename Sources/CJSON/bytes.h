#ifndef MW_CJSON_BYTES_H
#define MW_CJSON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the bytes of a word are taken in the order of the text"
#endif

#define MW_LIKELY(condition) __builtin_expect((condition) != 0, 1)
#define MW_UNLIKELY(condition) __builtin_expect((condition) != 0, 0)

#define MW_ONES 0x0101010101010101ull
#define MW_HIGHS 0x8080808080808080ull

static inline uint64_t mw_word(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/// The next eight bytes, zero beyond the end. What lies up to eight bytes before the end must be readable.
static inline uint64_t mw_word_before(const uint8_t *at, const uint8_t *end) {
    const ptrdiff_t left = end - at;
    if (MW_LIKELY(left >= 8)) return mw_word(at);
    return left <= 0 ? 0 : mw_word(end - 8) >> 8 * (8 - left);
}

/// How many of the first bytes of a word are digits.
static inline uint32_t mw_digit_count(uint64_t word) {
    // A digit has 3 in its upper half, and has it still with 6 more. A carry out of a byte only meets bytes behind it.
    const uint64_t other = ((word ^ 0x3030303030303030) | ((word ^ 0x3030303030303030) + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0;
    return other == 0 ? 8 : (uint32_t)__builtin_ctzll(other) >> 3;
}

/// The number that the first `count` bytes of a word mean, which are digits; 0 to 8 of them.
static inline uint64_t mw_digits_value(uint64_t word, uint32_t count) {
    // Moved up, so that zeros stand in front; then pairs, fours, and all eight.
    uint64_t value = (word ^ 0x3030303030303030) << 4 * (8 - count) << 4 * (8 - count);
    value = value * 10 + (value >> 8);
    return ((value & 0x000000FF000000FF) * 0x000F424000000064 + (value >> 16 & 0x000000FF000000FF) * 0x0000271000000001) >> 32;
}

/// The number that the last `count` bytes before `end` mean, which are digits; 8 to 16 of them. 16 bytes must be readable.
static inline uint64_t mw_last_digits_value(const uint8_t *end, uint32_t count) {
#if defined(__SSE2__)
    // Zeros in the front ones' stead; then pairs, fours, eights.
    static const uint8_t kept[] = {0,    0,    0,    0,    0,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const __m128i digits = _mm_and_si128(
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(end - 16)), _mm_set1_epi8('0')),
        _mm_loadu_si128((const __m128i *)(const void *)(kept + count - 8)));
    const __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10));
    const __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eights = _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000));
    const uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & 0xFFFFFFFF) * 100000000 + (both >> 32);
#else
    return mw_digits_value(mw_word(end - count), count - 8) * 100000000 + mw_digits_value(mw_word(end - 8), 8);
#endif
}

// Of 16 bytes, which are no digits, and which are commas: a bit each, or one of four where that is cheaper, above which are copies of it.
#if defined(__SSE2__)
#define MW_MASK_SHIFT 0
static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    const __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8('0'));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits));
}

static inline uint64_t mw_commas(const uint8_t *at) {
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8(',')));
}
#elif defined(__aarch64__)
#define MW_MASK_SHIFT 2
static inline uint64_t mw_bits_of_16(uint8x16_t bytes) {
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(bytes), 4)), 0);
}

static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    return mw_bits_of_16(vcgtq_u8(vsubq_u8(vld1q_u8(at), vdupq_n_u8('0')), vdupq_n_u8(9)));
}

static inline uint64_t mw_commas(const uint8_t *at) { return mw_bits_of_16(vceqq_u8(vld1q_u8(at), vdupq_n_u8(','))); }
#else
#define MW_MASK_SHIFT 0
static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    uint64_t others = 0;
    for (int index = 0; index < 16; index++) others |= (uint64_t)((uint8_t)(at[index] - '0') > 9) << index;
    return others;
}

static inline uint64_t mw_commas(const uint8_t *at) {
    uint64_t commas = 0;
    for (int index = 0; index < 16; index++) commas |= (uint64_t)(at[index] == ',') << index;
    return commas;
}
#endif

/// Where quotes, backslashes and control characters stand in the next 64 bytes: a bit each.
///
/// high: gets the bits of all 64, so that it shows whether one is beyond ASCII.
static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high);

#if defined(__SSE2__)
static inline __m128i mw_stops_of_16(__m128i bytes) {
    return _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
}

static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high) {
    uint64_t stops = 0;
    __m128i all = _mm_setzero_si128();
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * part));
        all = _mm_or_si128(all, bytes);
        stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(mw_stops_of_16(bytes)) << 16 * part;
    }
    *high |= (uint32_t)_mm_movemask_epi8(all);
    return stops;
}
#elif defined(__aarch64__)
static inline uint64_t mw_bits_of_64(const uint8x16_t *parts) {
    const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t low = vpaddq_u8(vandq_u8(parts[0], bits), vandq_u8(parts[1], bits));
    const uint8x16_t pairs = vpaddq_u8(low, vpaddq_u8(vandq_u8(parts[2], bits), vandq_u8(parts[3], bits)));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

static inline uint8x16_t mw_stops_of_16(uint8x16_t bytes) {
    return vorrq_u8(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))), vcltq_u8(bytes, vdupq_n_u8(0x20)));
}

static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high) {
    uint8x16_t parts[4], all = vdupq_n_u8(0);
    for (int part = 0; part < 4; part++) {
        const uint8x16_t bytes = vld1q_u8(at + 16 * part);
        all = vorrq_u8(all, bytes);
        parts[part] = mw_stops_of_16(bytes);
    }
    *high |= vmaxvq_u8(all) & 0x80;
    return mw_bits_of_64(parts);
}
#else
static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high) {
    uint64_t stops = 0;
    for (int index = 0; index < 64; index++) {
        stops |= (uint64_t)(at[index] == '"' || at[index] == '\\' || at[index] < 0x20) << index;
        *high |= at[index] & 0x80;
    }
    return stops;
}
#endif

static inline bool mw_is_space(uint8_t byte) { return byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09; }

static inline const uint8_t *mw_space(const uint8_t *at, const uint8_t *end) {
    while (at < end && MW_UNLIKELY(*at <= 0x20) && mw_is_space(*at)) at++;
    return at;
}

/// How many bytes are read at once at most.
enum { MW_AHEAD = 40 };

/// How many bytes before a number are read at most.
enum { MW_BEHIND = 8 };

/// Goes on to the next quote, backslash or control character of a string, or to the end.
///
/// safe: up to where MW_AHEAD bytes can be read; zeros lie behind the end there.
/// high: gets the bits of all bytes in between, and maybe of some behind, so that it shows whether one is beyond ASCII.
static inline const uint8_t *mw_string_stop(const uint8_t *at, const uint8_t *safe, const uint8_t *end, uint64_t *high) {
#if defined(__SSE2__)
    while (MW_LIKELY(at <= safe)) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const uint32_t mask = (uint32_t)_mm_movemask_epi8(mw_stops_of_16(bytes));
        *high |= (uint32_t)_mm_movemask_epi8(bytes);
        if (MW_LIKELY(mask != 0)) return at + __builtin_ctz(mask);
        at += 16;
    }
#elif defined(__aarch64__)
    while (MW_LIKELY(at <= safe)) {
        const uint8x16_t bytes = vld1q_u8(at);
        const uint64_t mask = mw_bits_of_16(mw_stops_of_16(bytes));
        *high |= vmaxvq_u8(bytes) & 0x80;
        if (MW_LIKELY(mask != 0)) return at + (__builtin_ctzll(mask) >> 2);
        at += 16;
    }
#endif
    // The usual tests of a word's bytes for a value and for being below one (Mycroft 1987). Above the first hit they may find
    // more than there is, so only the lowest one counts; zeros beyond the end are hits.
    for (;;) {
        const uint64_t word = mw_word_before(at, end);
        const uint64_t quote = word ^ MW_ONES * '"', backslash = word ^ MW_ONES * '\\';
        const uint64_t stops =
            (((quote - MW_ONES) & ~quote) | ((backslash - MW_ONES) & ~backslash) | ((word - MW_ONES * 0x20) & ~word)) & MW_HIGHS;
        *high |= word & MW_HIGHS;
        if (stops != 0) {
            at += __builtin_ctzll(stops) >> 3;
            return at < end ? at : end;
        }
        at += 8;
    }
}

#endif
