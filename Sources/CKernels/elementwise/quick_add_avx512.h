#ifndef MW_QUICK_ADD_AVX512_H
#define MW_QUICK_ADD_AVX512_H

#include "../cpu/target.h"
#include "../requantize/requantize_avx512.h"
#include "kernels.h"

enum { QUICK_AT_ONCE = 64 };

typedef struct {
    __m512 a, b, offset;
    __m512i near, order;
    mw_pack_constants_avx512 pack;
} quick_add;

BODY bool add_some(const quick_add *how, const int8_t *a, const int8_t *b, int8_t *output) {
    __m512i v[4];
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 4; k++) {
        const __m512 x = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(a + 16 * k))));
        const __m512 y = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(b + 16 * k))));
        v[k] = _mm512_cvtps_epi32(_mm512_fmadd_ps(x, how->a, _mm512_fmadd_ps(y, how->b, how->offset)));
    }
    if (mw_is_near_avx512(v[0], v[1], v[2], v[3], how->near)) return false;
    const __m512i bytes = mw_pack_fixed_avx512(&how->pack, v[0], v[1], v[2], v[3]);
    _mm512_storeu_si512(output, _mm512_permutexvar_epi32(how->order, bytes));
    return true;
}

#include "quick_add.h"

TARGET static void add_quickly(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output, mw_s8_add_run *exactly) {
    const mw_requantization narrowing = {.zero_point = how->zero_point, .low = how->low, .high = how->high};
    const quick_add quick = {
        _mm512_set1_ps(how->float_a), _mm512_set1_ps(how->float_b), _mm512_set1_ps(how->float_offset),
        _mm512_set1_epi32(2 * how->near), _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        mw_pack_constants_avx512_of(&narrowing)};
    add_each_quickly(how, &quick, operands, a, b, output, exactly);
}

#endif
