#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#define AVX2 __attribute__((target("avx2")))

// vpmaddwd on operands widened to 16 bits: two products of at most 2^14 make 2^15. A lane takes half of the channels'
// products, at most 2^14 / 4 pairs of them, so sums stay within 2^27 and their doubles within 2^29.

/// Positions whose sums with a block of 16 rows stay in registers.
enum { POSITIONS = 3 };

/// The least of the 8 lanes.
AVX2 static inline int32_t least_of(__m256i v) {
    __m128i four = _mm_min_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    four = _mm_min_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_min_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    return _mm_cvtsi128_si32(four);
}

AVX2 void mw_s8_distance__avx2(
    const mw_s8_memory *restrict memory, size_t positions, const int8_t *restrict features,
    int32_t *restrict distances) {
    mw_assert_memory(memory);
    const size_t channels = memory->channels, blocks = (memory->rows + 15) / 16;
    for (size_t start = 0; start < positions; start += POSITIONS) {
        const int8_t *from[POSITIONS];
        __m256i least[POSITIONS];
        for (size_t p = 0; p < POSITIONS; p++) {
            from[p] = mw_position(start + p, positions, channels, features);
            least[p] = _mm256_set1_epi32(INT32_MAX);
        }
        for (size_t block = 0; block < blocks; block++) {
            const int8_t *rows = memory->memory + block * channels * 16;
            // Quarter q has rows 4 q to 4 q + 3, each in two lanes: bytes 0 and 1 of a group, and bytes 2 and 3.
            __m256i sums[POSITIONS][4];
            for (int p = 0; p < POSITIONS; p++) {
                for (int q = 0; q < 4; q++) sums[p][q] = _mm256_setzero_si256();
            }
            for (size_t c = 0; c < channels; c += 4, rows += 64) {
                __m256i x[POSITIONS];
                for (int p = 0; p < POSITIONS; p++) {
                    x[p] = _mm256_cvtepi8_epi16(_mm_set1_epi32(mw_four_features(from[p] + c)));
                }
                for (int q = 0; q < 4; q++) {
                    const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(rows + 16 * q)));
                    for (int p = 0; p < POSITIONS; p++) {
                        sums[p][q] = _mm256_add_epi32(sums[p][q], _mm256_madd_epi16(x[p], w));
                    }
                }
            }
            for (int half = 0; half < 2; half++) {
                const __m256i norm = _mm256_loadu_si256((const __m256i *)(memory->norms + block * 16 + half * 8));
                for (int p = 0; p < POSITIONS; p++) {
                    // Adding pairs leaves rows 0, 1, 4, 5, 2, 3, 6, 7.
                    const __m256i product = _mm256_permute4x64_epi64(
                        _mm256_hadd_epi32(sums[p][half * 2], sums[p][half * 2 + 1]), 0xD8);
                    const __m256i distance = _mm256_sub_epi32(norm, _mm256_add_epi32(product, product));
                    least[p] = _mm256_min_epi32(least[p], distance);
                }
            }
        }
        for (size_t p = 0; p < POSITIONS && start + p < positions; p++) {
            distances[start + p] = mw_square(channels, from[p]) + least_of(least[p]);
        }
    }
}

#endif
