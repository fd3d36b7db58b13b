#include <assert.h>
#include <string.h>

#include "kernels.h"

void mw_s8_resize_nearest(
    const mw_s8_resize *restrict r, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= r->output_rows);
    const size_t row_bytes = r->output_columns * r->channels;
    for (size_t y = first_row; y < last_row; y++) {
        int8_t *const to = output + y * row_bytes;
        if (y > first_row && r->first_rows[y] == r->first_rows[y - 1]) {
            memcpy(to, to - row_bytes, row_bytes);
            continue;
        }
        const int8_t *const from = input + (size_t)r->first_rows[y] * r->input_columns * r->channels;
        for (size_t x = 0; x < r->output_columns; x++) {
            memcpy(to + x * r->channels, from + (size_t)r->first_columns[x] * r->channels, r->channels);
        }
    }
}

// Between two columns at most 2^7 * 2^11 in magnitude, between two rows of those 2^7 * 2^22: below 2^31 with the half.
void mw_s8_resize_bilinear__scalar(
    const mw_s8_resize *restrict r, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= r->output_rows);
    const size_t row_bytes = r->input_columns * r->channels;
    for (size_t y = first_row; y < last_row; y++) {
        const int8_t *const top = input + (size_t)r->first_rows[y] * row_bytes;
        const int8_t *const bottom = input + (size_t)r->second_rows[y] * row_bytes;
        const int32_t down = r->row_weights[y];
        for (size_t x = 0; x < r->output_columns; x++) {
            const size_t left = (size_t)r->first_columns[x] * r->channels;
            const size_t right = (size_t)r->second_columns[x] * r->channels;
            const int32_t across = r->column_weights[x];
            for (size_t c = 0; c < r->channels; c++) {
                const int32_t above = top[left + c] * (2048 - across) + top[right + c] * across;
                const int32_t below = bottom[left + c] * (2048 - across) + bottom[right + c] * across;
                const int32_t sum = above * (2048 - down) + below * down;
                output[(y * r->output_columns + x) * r->channels + c] = (int8_t)((sum + (1 << 21)) >> 22);
            }
        }
    }
}
