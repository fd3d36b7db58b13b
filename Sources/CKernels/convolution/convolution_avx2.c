#if defined(__x86_64__)

#include "finish_avx2.h"
#include "kernels.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define TILE AVX2 static inline __attribute__((always_inline))

// vpmaddwd on operands widened to 16 bits: two products of at most 2^14 make 2^15, which 32 bits hold. vpmaddubsw would
// do twice as much but adds its two products in 16 bits with saturation (255 * 127 * 2 > 32767), so it is not exact. A
// lane takes half of a window's products, 2^15 * 2^14 at most, and both halves together stay within 2^30.

enum { MOST_ROWS = 3 };

/// One block of channels for `rows` positions. Quarter q of a row's sums has channels 4 * q...4 * q + 3, each in two
/// lanes: bytes 0 and 1 of a group, and bytes 2 and 3.
TILE void tile(const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block, const int rows) {
    const size_t groups = mw_segment_groups(c->segment_length);
    const int8_t *weights = c->weights + block * c->segments * groups * 64;
    __m256i sums[MOST_ROWS][4];
    MW_UNROLL
    for (int r = 0; r < rows; r++) {
        MW_UNROLL
        for (int q = 0; q < 4; q++) sums[r][q] = _mm256_setzero_si256();
    }
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *from = input + c->segment_offsets[segment];
        for (size_t group = 0; group < groups; group++, from += 4, weights += 64) {
            __m256i x[MOST_ROWS];
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                const int32_t four = mw_load_four(from + (size_t)r * c->column_stride);
                x[r] = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
            }
            MW_UNROLL
            for (int q = 0; q < 4; q++) {
                const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16 * q)));
                MW_UNROLL
                for (int r = 0; r < rows; r++) {
                    sums[r][q] = _mm256_add_epi32(sums[r][q], _mm256_madd_epi16(x[r], w));
                }
            }
        }
    }
    __m256i halves[MOST_ROWS][2];
    MW_UNROLL
    for (int r = 0; r < rows; r++) {
        // Adding pairs leaves channels 0, 1, 4, 5, 2, 3, 6, 7.
        halves[r][0] = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[r][0], sums[r][1]), 0xD8);
        halves[r][1] = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[r][2], sums[r][3]), 0xD8);
    }
    mw_finish_rows_avx2(c, input, output, block, halves, rows);
}

#define DEFINE(rows) \
    AVX2 static __attribute__((noinline)) void tile##rows( \
        const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block) { \
        tile(c, input, output, block, rows); \
    }
DEFINE(1)
DEFINE(2)
DEFINE(3)
#undef DEFINE

static const mw_tile tiles[MOST_ROWS + 1] = {NULL, tile1, tile2, tile3};

void mw_s8_convolve__avx2(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_convolve_by_blocks(
        c, input, output, first_position, last_position, first_block, last_block, tiles, MOST_ROWS);
}

#endif
