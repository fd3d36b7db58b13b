#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// vpdpbusd multiplies unsigned by signed bytes, so features are moved up by 128 (their top bit flipped), and norms have
// twice 128 times the rows' sums beforehand. With 2^14 channels a sum is at most 255 * 128 * 2^14 < 2^30, so its double
// stays within 32 bits.

/// Positions and blocks of 16 rows whose sums stay in registers.
enum { POSITIONS = 12, BLOCKS = 2 };

/// The least of norm - 2 * product over `blocks` blocks, a lane for each sixteenth row.
VNNI static inline __attribute__((always_inline)) void tile(
    size_t channels, const int8_t *rows, const int32_t *norms, const int8_t *const *from, __m512i *least,
    const int blocks) {
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    __m512i sums[POSITIONS][BLOCKS];
#pragma clang loop unroll(full)
    for (int p = 0; p < POSITIONS; p++) {
#pragma clang loop unroll(full)
        for (int b = 0; b < blocks; b++) sums[p][b] = _mm512_setzero_si512();
    }
    for (size_t c = 0; c < channels; c += 4, rows += 64) {
        __m512i four[BLOCKS];
#pragma clang loop unroll(full)
        for (int b = 0; b < blocks; b++) four[b] = _mm512_loadu_si512(rows + (size_t)b * channels * 16);
#pragma clang loop unroll(full)
        for (int p = 0; p < POSITIONS; p++) {
            const __m512i x = _mm512_xor_si512(flip, _mm512_set1_epi32(mw_four_features(from[p] + c)));
#pragma clang loop unroll(full)
            for (int b = 0; b < blocks; b++) sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], x, four[b]);
        }
    }
#pragma clang loop unroll(full)
    for (int b = 0; b < blocks; b++) {
        const __m512i norm = _mm512_loadu_si512(norms + b * 16);
#pragma clang loop unroll(full)
        for (int p = 0; p < POSITIONS; p++) {
            const __m512i twice = _mm512_add_epi32(sums[p][b], sums[p][b]);
            least[p] = _mm512_min_epi32(least[p], _mm512_sub_epi32(norm, twice));
        }
    }
}

VNNI void mw_s8_distance__avx512_vnni(
    const mw_s8_memory *restrict memory, size_t positions, const int8_t *restrict features,
    int32_t *restrict distances) {
    mw_assert_memory(memory);
    const size_t channels = memory->channels, blocks = (memory->rows + 15) / 16;
    for (size_t start = 0; start < positions; start += POSITIONS) {
        const int8_t *from[POSITIONS];
        __m512i least[POSITIONS];
        for (size_t p = 0; p < POSITIONS; p++) {
            from[p] = mw_position(start + p, positions, channels, features);
            least[p] = _mm512_set1_epi32(INT32_MAX);
        }
        size_t block = 0;
        for (; block + BLOCKS <= blocks; block += BLOCKS) {
            tile(channels, memory->memory + block * channels * 16, memory->norms + block * 16, from, least, BLOCKS);
        }
        if (block < blocks) {
            tile(channels, memory->memory + block * channels * 16, memory->norms + block * 16, from, least, 1);
        }
        for (size_t p = 0; p < POSITIONS && start + p < positions; p++) {
            distances[start + p] = mw_square(channels, from[p]) + _mm512_reduce_min_epi32(least[p]);
        }
    }
}

#endif
