// The 256-bit VNNI kernel, read once for each encoding: the including file defines KERNEL_NAME, TARGET and DPBUSD.

#include "finish_avx2.h"
#include "kernels.h"

#define VNNI __attribute__((target(TARGET)))
#define TILE VNNI static inline __attribute__((always_inline))

// vpdpbusd multiplies unsigned by signed bytes, so the input is moved up by 128 (its top bit flipped) and 128 times the
// weights' sum is taken off the folded bias beforehand. It adds four products, each at most 255 * 128, in 32 bits
// without saturation; layout.h has the bound of a whole window.

// Twelve vectors of sums, two of weights, an input and the flipped bits are the sixteen registers that there are.
enum { MOST_ROWS = 6 };

TILE void tile(const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block, const int rows) {
    const size_t groups = mw_segment_groups(c->segment_length);
    const int8_t *weights = c->weights + block * c->segments * groups * 64;
    __m256i flip = _mm256_set1_epi8((char)0x80);
    MW_OPAQUE("x", flip);
    size_t stride = c->column_stride, stride3 = 3 * stride;
    MW_OPAQUE("r", stride);
    MW_OPAQUE("r", stride3);
    __m256i sums[MOST_ROWS][2];
    MW_UNROLL
    for (int r = 0; r < rows; r++) {
        sums[r][0] = _mm256_setzero_si256();
        sums[r][1] = _mm256_setzero_si256();
    }
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *from = input + c->segment_offsets[segment], *from4 = from + 4 * stride;
        for (size_t group = 0; group < groups; group++, from += 4, from4 += 4, weights += 64) {
            const __m256i low = _mm256_loadu_si256((const __m256i *)weights);
            const __m256i high = _mm256_loadu_si256((const __m256i *)(weights + 32));
            MW_UNROLL
            for (int r = 0; r < rows; r++) {
                const int8_t *const at = (r < 4 ? from : from4)
                    + (r % 4 == 0 ? 0 : r % 4 == 1 ? stride : r % 4 == 2 ? 2 * stride : stride3);
                const __m256i x = _mm256_xor_si256(_mm256_set1_epi32(mw_load_four(at)), flip);
                sums[r][0] = DPBUSD(sums[r][0], x, low);
                sums[r][1] = DPBUSD(sums[r][1], x, high);
            }
        }
    }
    mw_finish_rows_avx2(c, input, output, block, sums, rows);
}

#define DEFINE(rows) \
    VNNI static __attribute__((noinline)) void tile##rows( \
        const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block) { \
        tile(c, input, output, block, rows); \
    }
DEFINE(1)
DEFINE(2)
DEFINE(3)
DEFINE(4)
DEFINE(5)
DEFINE(6)
#undef DEFINE

static const mw_tile tiles[MOST_ROWS + 1] = {NULL, tile1, tile2, tile3, tile4, tile5, tile6};

void KERNEL_NAME(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_convolve_by_blocks(
        c, input, output, first_position, last_position, first_block, last_block, tiles, MOST_ROWS);
}
