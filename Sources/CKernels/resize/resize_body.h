#include <assert.h>

#include "../cpu/target.h"
#include "kernels.h"

// Between two columns at most 2^7 * 2^11 in magnitude, between two rows of those 2^7 * 2^22: below 2^31 with the half.
TARGET void KERNEL_NAME(mw_s8_resize_bilinear)(
    const mw_s8_resize *restrict r, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= r->output_rows);
    const size_t channels = r->channels, row_bytes = r->input_columns * channels;
    int8_t *restrict to = output + first_row * r->output_columns * channels;
    for (size_t y = first_row; y < last_row; y++) {
        const int8_t *const top = input + (size_t)r->first_rows[y] * row_bytes;
        const int8_t *const bottom = input + (size_t)r->second_rows[y] * row_bytes;
        const int32_t down = r->row_weights[y];
        for (size_t x = 0; x < r->output_columns; x++, to += channels) {
            const size_t left = (size_t)r->first_columns[x] * channels;
            const size_t right = (size_t)r->second_columns[x] * channels;
            const int32_t across = r->column_weights[x];
            for (size_t c = 0; c < channels; c++) {
                const int32_t above = top[left + c] * (2048 - across) + top[right + c] * across;
                const int32_t below = bottom[left + c] * (2048 - across) + bottom[right + c] * across;
                const int32_t sum = above * (2048 - down) + below * down;
                to[c] = (int8_t)((sum + (1 << 21)) >> 22);
            }
        }
    }
}
