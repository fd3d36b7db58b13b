#if defined(__x86_64__)

#include <immintrin.h>

#include "loop.h"

// Bytes widened to 16 bits beforehand: vpmaddwd makes 16 products of them, and vpaddd adds those.
__attribute__((target("avx2"), always_inline)) static inline __m256i add(__m256i sum, __m256i x, __m256i w) {
    __m256i products;
    // In assembler, because the compiler would multiply the same operands once only.
    __asm__ volatile("vpmaddwd %1, %2, %0" : "=x"(products) : "x"(x), "x"(w));
    return _mm256_add_epi32(sum, products);
}
#define ADD(sum) add(sum, x, w)

__attribute__((target("avx2"))) size_t mw_multiply_add_limit__avx2(size_t rounds) {
    const __m256i x = _mm256_set1_epi16(3), w = _mm256_set1_epi16(5);
    LIMIT(__m256i, "x", _mm256_setzero_si256(), 16, ADD);
}

#endif
