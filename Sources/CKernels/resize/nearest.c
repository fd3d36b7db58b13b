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
