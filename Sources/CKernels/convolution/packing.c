#include <string.h>

#include "../cpu/cpu.h"
#include "layout.h"

size_t mw_s8_convolution_packed_bytes(size_t channels, size_t segments, size_t segment_length) {
    return mw_blocks(channels) * mw_block_bytes(segments, segment_length);
}

void mw_s8_convolution_pack(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict weights, int8_t *restrict packed) {
    const size_t groups = mw_segment_groups(segment_length), block_bytes = mw_block_bytes(segments, segment_length);
    memset(packed, 0, mw_blocks(channels) * block_bytes);
    for (size_t channel = 0; channel < channels; channel++) {
        int8_t *const lane = packed + channel / 16 * block_bytes + channel % 16 * 4;
        for (size_t segment = 0; segment < segments; segment++) {
            const int8_t *const run = weights + (channel * segments + segment) * segment_length;
            for (size_t k = 0; k < segment_length; k++) lane[(segment * groups + k / 4) * 64 + k % 4] = run[k];
        }
    }
}

/// Adds the four bytes of each lane over all groups of a block: at most 2^7 * 2^16 in magnitude. Lanes innermost, so that
/// the compiler adds them side by side.
static void sum_block(const int8_t *weights, size_t groups, int32_t *sums) {
    memset(sums, 0, 16 * sizeof *sums);
    for (size_t group = 0; group < groups; group++) {
        for (size_t lane = 0; lane < 16; lane++) {
            const int8_t *const four = weights + group * 64 + lane * 4;
            sums[lane] += four[0] + four[1] + four[2] + four[3];
        }
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/// The same; a plan is opened with it, and without AVX2 that takes some times as long. vpmaddubsw saturates, but two bytes
/// times one stay within 2^8.
__attribute__((target("avx2"))) static void sum_block_avx2(const int8_t *weights, size_t groups, int32_t *sums) {
    const __m256i ones = _mm256_set1_epi8(1), pairs = _mm256_set1_epi16(1);
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    for (size_t group = 0; group < groups; group++) {
        const __m256i *const from = (const __m256i *)(weights + group * 64);
        const __m256i first = _mm256_maddubs_epi16(ones, _mm256_loadu_si256(from));
        const __m256i second = _mm256_maddubs_epi16(ones, _mm256_loadu_si256(from + 1));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(first, pairs));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(second, pairs));
    }
    _mm256_storeu_si256((__m256i *)sums, low);
    _mm256_storeu_si256((__m256i *)sums + 1, high);
}
#endif

void mw_s8_convolution_fold(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict packed, int32_t input_zero_point,
    int32_t input_offset, const int32_t *restrict weight_zero_points, const int32_t *restrict bias,
    int32_t *restrict folded) {
    assert(segments * segment_length <= MW_LONGEST_WINDOW);
    const size_t groups = segments * mw_segment_groups(segment_length);
    // All unsigned: terms may wrap, and the kernel's sum wraps back.
    void (*sum)(const int8_t *, size_t, int32_t *) = sum_block;
#if defined(__x86_64__)
    if (mw_cpu_has_avx2()) sum = sum_block_avx2;
#endif
    const uint32_t window = (uint32_t)(segments * segment_length), zero_point = (uint32_t)input_zero_point;
    for (size_t block = 0; block < mw_blocks(channels); block++) {
        const int8_t *const weights = packed + block * groups * 64;
        int32_t sums[16];
        sum(weights, groups, sums);
        for (size_t lane = 0; lane < 16; lane++) {
            const size_t channel = block * 16 + lane;
            uint32_t value = 0;
            if (channel < channels) {
                value = (uint32_t)bias[channel] - (zero_point + (uint32_t)input_offset) * (uint32_t)sums[lane];
                if (weight_zero_points != NULL) value += zero_point * (uint32_t)weight_zero_points[channel] * window;
            }
            folded[channel] = (int32_t)value;
        }
    }
}

void mw_s8_convolution_most(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict packed, int32_t input_zero_point,
    const int32_t *restrict weight_zero_points, int64_t *restrict most) {
    const size_t groups = segments * mw_segment_groups(segment_length);
    const int64_t window = (int64_t)(segments * segment_length);
    // How far inputs are above their zero point, and below.
    const int64_t above = 127 - input_zero_point, below = 128 + input_zero_point;
    for (size_t block = 0; block < mw_blocks(channels); block++) {
        const int8_t *const weights = packed + block * groups * 64;
        // Of weights above 0 and of those below, four sums a lane, so that the compiler adds bytes side by side.
        int32_t positive[64] = {0}, negative[64] = {0};
        for (size_t group = 0; group < groups; group++) {
            for (size_t byte = 0; byte < 64; byte++) {
                const int32_t weight = weights[group * 64 + byte];
                positive[byte] += weight > 0 ? weight : 0;
                negative[byte] -= weight < 0 ? weight : 0;
            }
        }
        for (size_t lane = 0; lane < 16 && block * 16 + lane < channels; lane++) {
            const size_t channel = block * 16 + lane;
            int64_t up = 0, down = 0;
            for (size_t k = 4 * lane; k < 4 * lane + 4; k++) {
                up += positive[k];
                down += negative[k];
            }
            const int64_t first = above * up + below * down, second = below * up + above * down;
            const int64_t point = weight_zero_points == NULL ? 0 : weight_zero_points[channel];
            most[channel] = (first > second ? first : second) + 255 * window * (point < 0 ? -point : point);
        }
    }
}
