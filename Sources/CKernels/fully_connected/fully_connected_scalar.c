#include <assert.h>

#include "kernels.h"

// Each product is at most 2^14 in magnitude, so 2^16 of them stay within 2^30. The folded bias is added modulo 2^32:
// a plan whose true sum leaves 32 bits is refused when it is read.
void mw_s8_fully_connected__scalar(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums) {
    assert(columns <= 65536);
    for (size_t row = 0; row < rows; row++) {
        int32_t sum = 0;
        for (size_t column = 0; column < columns; column++) {
            sum += (int32_t)weights[row * columns + column] * input[column];
        }
        sums[row] = (int32_t)((uint32_t)folded_bias[row] + (uint32_t)sum);
    }
}
