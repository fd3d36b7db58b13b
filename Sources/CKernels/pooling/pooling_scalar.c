#include <assert.h>

#include "kernels.h"

// Cells of window (y, x) as rows u0..<u1 and columns v0..<v1 of the image, dilation apart; calls visit(cell).
#define EACH_CELL(p, y, x, cell, visit)                                                                  \
    for (size_t u = 0; u < (p)->taps_y; u++) {                                                           \
        /* Above the image and to its left the subtraction wraps, and is not below the size either. */   \
        const size_t row = (y) * (p)->stride_y + u * (p)->dilation_y - (p)->pad_top;                     \
        if (row >= (p)->input_rows) continue;                                                            \
        for (size_t v = 0; v < (p)->taps_x; v++) {                                                       \
            const size_t column = (x) * (p)->stride_x + v * (p)->dilation_x - (p)->pad_left;             \
            if (column >= (p)->input_columns) continue;                                                  \
            const size_t cell = (row * (p)->input_columns + column) * (p)->channels;                     \
            visit;                                                                                       \
        }                                                                                                \
    }

static int8_t clamp(int32_t value, const mw_s8_pool *p) {
    return (int8_t)(value < p->low ? p->low : value > p->high ? p->high : value);
}

void mw_s8_max_pool__scalar(
    const mw_s8_pool *restrict p, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= p->output_rows);
    for (size_t y = first_row; y < last_row; y++) {
        for (size_t x = 0; x < p->output_columns; x++) {
            for (size_t c = 0; c < p->channels; c++) {
                int8_t largest = -128;
                EACH_CELL(p, y, x, cell, if (input[cell + c] > largest) largest = input[cell + c]);
                output[(y * p->output_columns + x) * p->channels + c] = clamp(largest, p);
            }
        }
    }
}

void mw_s8_average_pool__scalar(
    const mw_s8_pool *restrict p, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= p->output_rows && p->taps_y * p->taps_x < (size_t)1 << 23);
    for (size_t y = first_row; y < last_row; y++) {
        for (size_t x = 0; x < p->output_columns; x++) {
            for (size_t c = 0; c < p->channels; c++) {
                // At most 2^23 * 2^7 in magnitude.
                int32_t sum = 0, count = 0;
                EACH_CELL(p, y, x, cell, { sum += input[cell + c]; count++; });
                const int32_t half = sum < 0 ? -(count / 2) : count / 2;
                output[(y * p->output_columns + x) * p->channels + c] = clamp((sum + half) / count, p);
            }
        }
    }
}

void mw_s8_sum_positions__scalar(
    size_t positions, size_t channels, const int8_t *restrict input, int32_t *restrict sums) {
    assert(positions < (size_t)1 << 24);
    for (size_t c = 0; c < channels; c++) {
        // Less than 2^24 * 2^7 in magnitude.
        int32_t sum = 0;
        for (size_t p = 0; p < positions; p++) sum += input[p * channels + c];
        sums[c] = sum;
    }
}
