#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>

#include "kernels.h"
#include "tail.h"

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vnni")))

// Lane k of the result is the sum of all lanes of s[k].
VNNI static inline __m256i add_across(const __m512i s[8]) {
    __m256i half[8];
    for (int k = 0; k < 8; k++) {
        half[k] = _mm256_add_epi32(_mm512_castsi512_si256(s[k]), _mm512_extracti64x4_epi64(s[k], 1));
    }
    const __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(half[0], half[1]), _mm256_hadd_epi32(half[2], half[3]));
    const __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(half[4], half[5]), _mm256_hadd_epi32(half[6], half[7]));
    return _mm256_add_epi32(
        _mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

// vpdpbusd multiplies unsigned by signed bytes, so the input is moved up by 128 (its top bit flipped) and 128 times the
// weights' sum is taken off the folded bias beforehand. Nothing saturates: the form without "s" adds four products, each
// at most 255 * 128, in 32 bits. All of a row: 255 * 128 * 2^16 = 2^31 - 2^23 for columns <= 2^16, so the sum before
// the bias fits as well; the bias may have wrapped and wraps back, both modulo 2^32.
VNNI void mw_s8_fully_connected__avx512_vnni(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums) {
    assert(columns <= 65536);
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    const size_t whole = columns / 64 * 64;
    // Masked loads do not touch the bytes that they leave out, nor the page that those would be on.
    const __mmask64 rest = ((__mmask64)1 << (columns - whole)) - 1;
    for (size_t row = 0; row < rows; row += 8) {
        const int8_t *w[8];
        __m512i s[8];
        for (size_t k = 0; k < 8; k++) {
            w[k] = mw_row(weights, row + k, rows, columns);
            s[k] = _mm512_setzero_si512();
        }
        for (size_t column = 0; column < whole; column += 64) {
            const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(input + column), flip);
            for (size_t k = 0; k < 8; k++) s[k] = _mm512_dpbusd_epi32(s[k], x, _mm512_loadu_si512(w[k] + column));
        }
        if (rest != 0) {
            // The bytes left out are 128 here, and 0 in the weights.
            const __m512i x = _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, input + whole), flip);
            for (size_t k = 0; k < 8; k++) {
                s[k] = _mm512_dpbusd_epi32(s[k], x, _mm512_maskz_loadu_epi8(rest, w[k] + whole));
            }
        }
        const __mmask16 kept = (__mmask16)(rows - row >= 8 ? 0xFF : (1u << (rows - row)) - 1);
        const __m512i bias = _mm512_maskz_loadu_epi32(kept, folded_bias + row);
        const __m512i eight = _mm512_castsi256_si512(add_across(s));
        _mm512_mask_storeu_epi32(sums + row, kept, _mm512_add_epi32(eight, bias));
    }
}

#endif
