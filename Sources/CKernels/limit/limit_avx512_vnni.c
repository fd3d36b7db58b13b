#if defined(__x86_64__)

#include <immintrin.h>

#include "loop.h"

#define ADD(sum) _mm512_dpbusd_epi32(sum, x, w)

__attribute__((target("avx512f,avx512vl,avx512vnni"))) size_t mw_multiply_add_limit__avx512_vnni(size_t rounds) {
    const __m512i x = _mm512_set1_epi8(3), w = _mm512_set1_epi8(5);
    LIMIT(__m512i, "v", _mm512_setzero_si512(), 64, ADD);
}

#endif
