#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>

#include "kernels.h"
#include "tail.h"

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load16(const int8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
}

AVX2 static inline __m256i load_tail(const int8_t *from, size_t count) {
    uint64_t bytes[2];
    mw_load_tail(from, count, bytes);
    return _mm256_cvtepi8_epi16(_mm_set_epi64x((long long)bytes[1], (long long)bytes[0]));
}

// vpmaddwd on operands widened to 16 bits: two products of at most 2^14 make 2^15, which 32 bits hold. vpmaddubsw would
// do twice as much but adds its two products in 16 bits with saturation (255 * 127 * 2 > 32767), so it is not exact.
// A lane takes 1/8 of the products, 2^13 * 2^14 at most; all lanes together stay within 2^30 for columns <= 2^16.
AVX2 void mw_s8_fully_connected__avx2(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums) {
    assert(columns <= 65536);
    const size_t whole = columns / 16 * 16;
    for (size_t row = 0; row < rows; row += 4) {
        const int8_t *const w0 = mw_row(weights, row, rows, columns);
        const int8_t *const w1 = mw_row(weights, row + 1, rows, columns);
        const int8_t *const w2 = mw_row(weights, row + 2, rows, columns);
        const int8_t *const w3 = mw_row(weights, row + 3, rows, columns);
        __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
        for (size_t column = 0; column < whole; column += 16) {
            const __m256i x = load16(input + column);
            s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(load16(w0 + column), x));
            s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(load16(w1 + column), x));
            s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(load16(w2 + column), x));
            s3 = _mm256_add_epi32(s3, _mm256_madd_epi16(load16(w3 + column), x));
        }
        if (whole < columns) {
            const size_t rest = columns - whole;
            const __m256i x = load_tail(input + whole, rest);
            s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(load_tail(w0 + whole, rest), x));
            s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(load_tail(w1 + whole, rest), x));
            s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(load_tail(w2 + whole, rest), x));
            s3 = _mm256_add_epi32(s3, _mm256_madd_epi16(load_tail(w3 + whole, rest), x));
        }
        const __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
        const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
        if (rows - row >= 4) {
            const __m128i bias = _mm_loadu_si128((const __m128i *)(folded_bias + row));
            _mm_storeu_si128((__m128i *)(sums + row), _mm_add_epi32(four, bias));
        } else {
            uint32_t rest[4];
            _mm_storeu_si128((__m128i *)rest, four);
            for (size_t k = 0; k < rows - row; k++) sums[row + k] = (int32_t)(rest[k] + (uint32_t)folded_bias[row + k]);
        }
    }
}

#endif
