#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#define VBMI __attribute__((target("avx2,avx512f,avx512bw,avx512vbmi")))

// vpermi2b looks up 7 bits in 128 bytes; the sign chooses which half of the table.
VBMI static inline __m512i look_up(const __m512i table[4], __m512i x) {
    // Without the sign's bit, which the instruction ignores: -128...-1 count from 0 in the lower half.
    const __m512i negative = _mm512_permutex2var_epi8(table[0], x, table[1]);
    const __m512i positive = _mm512_permutex2var_epi8(table[2], x, table[3]);
    return _mm512_mask_mov_epi8(positive, _mm512_movepi8_mask(x), negative);
}

VBMI void mw_s8_lookup__avx512_vbmi(
    size_t count, const int8_t *restrict table, const int8_t *input, int8_t *output) {
    const __m512i parts[4] = {
        _mm512_loadu_si512(table), _mm512_loadu_si512(table + 64), _mm512_loadu_si512(table + 128),
        _mm512_loadu_si512(table + 192),
    };
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        _mm512_storeu_si512(output + i, look_up(parts, _mm512_loadu_si512(input + i)));
    }
    if (i < count) {
        // Masked, so that no byte beyond the end is touched.
        const __mmask64 rest = ((__mmask64)1 << (count - i)) - 1;
        _mm512_mask_storeu_epi8(output + i, rest, look_up(parts, _mm512_maskz_loadu_epi8(rest, input + i)));
    }
}

#endif
