#ifndef MW_QUICK_ADD_AVX2_H
#define MW_QUICK_ADD_AVX2_H

#include "../cpu/target.h"
#include "../requantize/requantize_avx2.h"
#include "kernels.h"

enum { QUICK_AT_ONCE = 32 };

typedef struct {
    __m256 a, b, offset;
    __m256i near;
    mw_pack_constants_avx2 pack;
} quick_add;

BODY __m256 floats_of(const int8_t *eight) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)eight)));
}

BODY bool add_some(const quick_add *how, const int8_t *a, const int8_t *b, int8_t *output) {
    __m256i v[4];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 4; k++) {
        const __m256 x = floats_of(a + 8 * k), y = floats_of(b + 8 * k);
        v[k] = _mm256_cvtps_epi32(_mm256_fmadd_ps(x, how->a, _mm256_fmadd_ps(y, how->b, how->offset)));
    }
    if (mw_is_near_avx2(v, how->near)) return false;
    _mm256_storeu_si256((__m256i *)output, mw_pack_fixed_avx2(&how->pack, v));
    return true;
}

#include "quick_add.h"

TARGET static void add_quickly(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output, mw_s8_add_run *exactly) {
    const quick_add quick = {
        _mm256_set1_ps(how->float_a), _mm256_set1_ps(how->float_b), _mm256_set1_ps(how->float_offset),
        _mm256_set1_epi32(2 * how->near), mw_pack_constants_avx2_of(how->zero_point, how->low, how->high)};
    add_each_quickly(how, &quick, operands, a, b, output, exactly);
}

#endif
