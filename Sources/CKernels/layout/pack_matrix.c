#include "../include/layout.h"

#include <assert.h>
#include <string.h>

enum { CHANNELS = MW_BLOCK_CHANNELS, GROUP = 4 };

// One block: 16 channels, or those that there are, in groups of 4 numbers.
static void pack_block(
    size_t channels, size_t length, size_t channel_step, size_t step, const int8_t *restrict matrix,
    int8_t *restrict packed) {
    for (size_t k = 0; k < length; k += GROUP, packed += CHANNELS * GROUP) {
        const size_t count = length - k < GROUP ? length - k : GROUP;
        const int8_t *const from = matrix + k * step;
        if (count < GROUP || channels < CHANNELS) memset(packed, 0, CHANNELS * GROUP);
        if (count == GROUP && step == 1) {
            for (size_t c = 0; c < channels; c++) memcpy(packed + c * GROUP, from + c * channel_step, GROUP);
        } else if (count == GROUP && channels == CHANNELS && channel_step == 1) {
            for (size_t c = 0; c < CHANNELS; c++) {
                for (size_t i = 0; i < GROUP; i++) packed[c * GROUP + i] = from[i * step + c];
            }
        } else {
            for (size_t c = 0; c < channels; c++) {
                for (size_t i = 0; i < count; i++) packed[c * GROUP + i] = from[c * channel_step + i * step];
            }
        }
    }
}

void mw_s8_pack_matrix(
    size_t channels, size_t length, size_t channel_step, size_t step, const int8_t *restrict matrix,
    int8_t *restrict packed) {
    assert(channel_step == 1 || step == 1);
    const size_t block_bytes = (length + GROUP - 1) / GROUP * GROUP * CHANNELS;
    for (size_t first = 0; first < channels; first += CHANNELS, packed += block_bytes) {
        const size_t count = channels - first < CHANNELS ? channels - first : CHANNELS;
        pack_block(count, length, channel_step, step, matrix + first * channel_step, packed);
    }
}
