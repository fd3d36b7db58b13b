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

/// Which of 16 bytes are no digits: a bit each, or one of four where that is cheaper, above which are copies of it.
#if defined(__SSE2__)
#define MW_MASK_SHIFT 0
static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    const __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8('0'));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits));
}
#elif defined(__aarch64__)
#define MW_MASK_SHIFT 2
static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    const uint8x16_t others = vcgtq_u8(vsubq_u8(vld1q_u8(at), vdupq_n_u8('0')), vdupq_n_u8(9));
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(others), 4)), 0);
}
#else
#define MW_MASK_SHIFT 0
static inline uint64_t mw_others_than_digits(const uint8_t *at) {
    uint64_t others = 0;
    for (int index = 0; index < 16; index++) others |= (uint64_t)((uint8_t)(at[index] - '0') > 9) << index;
    return others;
}
#endif

/// Where commas stand in the next 64 bytes: a bit each.
static inline uint64_t mw_commas(const uint8_t *at);

/// Where quotes, backslashes and control characters stand in the next 64 bytes: a bit each.
///
/// high: gets the bits of all 64, so that it shows whether one is beyond ASCII.
static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high);

#if defined(__SSE2__)
static inline uint64_t mw_commas(const uint8_t *at) {
    uint64_t commas = 0;
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * part));
        commas |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(','))) << 16 * part;
    }
    return commas;
}

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

static inline uint64_t mw_commas(const uint8_t *at) {
    uint8x16_t parts[4];
    for (int part = 0; part < 4; part++) parts[part] = vceqq_u8(vld1q_u8(at + 16 * part), vdupq_n_u8(','));
    return mw_bits_of_64(parts);
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
static inline uint64_t mw_commas(const uint8_t *at) {
    uint64_t commas = 0;
    for (int index = 0; index < 64; index++) commas |= (uint64_t)(at[index] == ',') << index;
    return commas;
}

static inline uint64_t mw_stops(const uint8_t *at, uint64_t *high) {
    uint64_t stops = 0;
    for (int index = 0; index < 64; index++) {
        stops |= (uint64_t)(at[index] == '"' || at[index] == '\\' || at[index] < 0x20) << index;
        *high |= at[index] & 0x80;
    }
    return stops;
}
#endif

/// Powers of ten that a double holds exactly.
static const double mw_powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Both factors are exact doubles, so one multiplication or division rounds once (Clinger 1990).
static inline bool mw_decimal_exact(uint64_t mantissa, int64_t exponent, double *value) {
    if (mantissa > 1ull << 53 || exponent < -22 || exponent > 22) return mantissa == 0 ? (*value = 0, true) : false;
    *value = exponent < 0 ? (double)mantissa / mw_powers_of_ten[-exponent] : (double)mantissa * mw_powers_of_ten[exponent];
    return true;
}

/// The nearest double where 128 bits of the power tell it: of a mantissa that is not 0, and -40 to 40.
double mw_decimal_nearest(uint64_t mantissa, int exponent);

static inline bool mw_is_space(uint8_t byte) { return byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09; }

static inline const uint8_t *mw_space(const uint8_t *at, const uint8_t *end) {
    while (at < end && MW_UNLIKELY(*at <= 0x20) && mw_is_space(*at)) at++;
    return at;
}

/// How many bytes are read at once at most.
enum { MW_AHEAD = 40 };

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
        const uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(mw_stops_of_16(bytes)), 4)), 0);
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
