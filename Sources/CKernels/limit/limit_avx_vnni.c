#if defined(__x86_64__)

#include <immintrin.h>

#include "loop.h"

#define ADD(sum) _mm256_dpbusd_avx_epi32(sum, x, w)

__attribute__((target("avx2,avxvnni"))) size_t mw_multiply_add_limit__avx_vnni(size_t rounds) {
    const __m256i x = _mm256_set1_epi8(3), w = _mm256_set1_epi8(5);
    LIMIT(__m256i, "x", _mm256_setzero_si256(), 32, ADD);
}

#endif
