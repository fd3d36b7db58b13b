#include <string.h>

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

void mw_s8_convolution_fold(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict packed, int32_t input_zero_point,
    int32_t input_offset, const int32_t *restrict weight_zero_points, const int32_t *restrict bias,
    int32_t *restrict folded) {
    assert(segments * segment_length <= MW_LONGEST_WINDOW);
    const size_t groups = segments * mw_segment_groups(segment_length);
    // All unsigned: terms may wrap, and the kernel's sum wraps back.
    const uint32_t window = (uint32_t)(segments * segment_length), zero_point = (uint32_t)input_zero_point;
    for (size_t block = 0; block < mw_blocks(channels); block++) {
        const int8_t *const weights = packed + block * groups * 64;
        // At most 2^7 * 2^16 in magnitude. Lanes innermost, so that the compiler adds them side by side.
        int32_t sums[16] = {0};
        for (size_t group = 0; group < groups; group++) {
            for (size_t lane = 0; lane < 16; lane++) {
                const int8_t *const four = weights + group * 64 + lane * 4;
                sums[lane] += four[0] + four[1] + four[2] + four[3];
            }
        }
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
