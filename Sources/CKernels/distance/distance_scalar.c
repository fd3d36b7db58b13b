#include "kernels.h"

void mw_s8_distance__scalar(
    const mw_s8_memory *restrict memory, size_t positions, const int8_t *restrict features,
    int32_t *restrict distances) {
    mw_assert_memory(memory);
    const size_t channels = memory->channels;
    for (size_t p = 0; p < positions; p++) {
        const int8_t *const f = features + p * channels;
        int32_t least = INT32_MAX;
        for (size_t block = 0; block < (memory->rows + 15) / 16; block++) {
            const int8_t *rows = memory->memory + block * channels * 16;
            int32_t products[16] = {0};
            for (size_t c = 0; c < channels; c += 4, rows += 64) {
                for (size_t m = 0; m < 16; m++) {
                    products[m] += f[c] * rows[4 * m] + f[c + 1] * rows[4 * m + 1] + f[c + 2] * rows[4 * m + 2]
                        + f[c + 3] * rows[4 * m + 3];
                }
            }
            for (size_t m = 0; m < 16; m++) {
                const int32_t distance = memory->norms[block * 16 + m] - 2 * products[m];
                least = distance < least ? distance : least;
            }
        }
        distances[p] = mw_square(channels, f) + least;
    }
}
