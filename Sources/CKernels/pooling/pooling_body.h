#include <assert.h>
#include <string.h>

#include "../cpu/target.h"
#include "kernels.h"

// Channels whose sums are kept at a time.
enum { CHUNK = 64 };

BODY size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// The taps of one axis that meet the image: first, and how many.
typedef struct {
    size_t first, count;
} taps;

BODY taps taps_within(size_t start, size_t pad, size_t step, size_t taps_of_axis, size_t size) {
    taps t = {start < pad ? (pad - start + step - 1) / step : 0, 0};
    if (t.first < taps_of_axis && start + t.first * step < pad + size) {
        t.count = smaller(taps_of_axis - t.first, (pad + size - 1 - start - t.first * step) / step + 1);
    }
    return t;
}

// One window: where its first cell lies, and how far the next ones are.
typedef struct {
    const int8_t *first;
    size_t rows, columns, row_bytes, column_bytes;
} window;

BODY window window_at(const mw_s8_pool *p, const int8_t *input, size_t y, size_t x) {
    const size_t top = y * p->stride_y, left = x * p->stride_x;
    const taps v = taps_within(top, p->pad_top, p->dilation_y, p->taps_y, p->input_rows);
    const taps h = taps_within(left, p->pad_left, p->dilation_x, p->taps_x, p->input_columns);
    assert(v.count > 0 && h.count > 0);
    const size_t row = top + v.first * p->dilation_y - p->pad_top;
    const size_t column = left + h.first * p->dilation_x - p->pad_left;
    return (window){
        input + (row * p->input_columns + column) * p->channels, v.count, h.count,
        p->dilation_y * p->input_columns * p->channels, p->dilation_x * p->channels,
    };
}

TARGET void KERNEL_NAME(mw_s8_max_pool)(
    const mw_s8_pool *restrict p, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= p->output_rows);
    const size_t channels = p->channels;
    const int8_t low = (int8_t)p->low, high = (int8_t)p->high;
    int8_t *restrict to = output + first_row * p->output_columns * channels;
    for (size_t y = first_row; y < last_row; y++) {
        for (size_t x = 0; x < p->output_columns; x++, to += channels) {
            const window w = window_at(p, input, y, x);
            memset(to, low, channels);
            for (size_t u = 0; u < w.rows; u++) {
                for (size_t v = 0; v < w.columns; v++) {
                    const int8_t *restrict cell = w.first + u * w.row_bytes + v * w.column_bytes;
                    for (size_t c = 0; c < channels; c++) to[c] = to[c] > cell[c] ? to[c] : cell[c];
                }
            }
            for (size_t c = 0; c < channels; c++) to[c] = to[c] < high ? to[c] : high;
        }
    }
}

// Sums of up to 2^23 cells: at most 2^30 in magnitude.
BODY void add_cells(const window *w, size_t channel, size_t count, int32_t *restrict sums) {
    memset(sums, 0, CHUNK * sizeof *sums);
    for (size_t u = 0; u < w->rows; u++) {
        for (size_t v = 0; v < w->columns; v++) {
            const int8_t *restrict cell = w->first + u * w->row_bytes + v * w->column_bytes + channel;
            if (count == CHUNK) {
                for (size_t c = 0; c < CHUNK; c++) sums[c] += cell[c];
            } else {
                for (size_t c = 0; c < count; c++) sums[c] += cell[c];
            }
        }
    }
}

BODY int32_t low_bits(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (int32_t)bits;
}

TARGET void KERNEL_NAME(mw_s8_average_pool)(
    const mw_s8_pool *restrict p, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= p->output_rows && p->taps_y * p->taps_x < (size_t)1 << 23);
    const int32_t low = p->low, high = p->high;
    for (size_t y = first_row; y < last_row; y++) {
        for (size_t x = 0; x < p->output_columns; x++) {
            const window w = window_at(p, input, y, x);
            const int32_t cells = (int32_t)(w.rows * w.columns);
            // (n + 1/2) / cells is at least 1 / (2 * cells) away from the next integer, far more than a double's error:
            // half a step less, rounded to the nearest, is the quotient of the integers. Beside 1.5 * 2^52 a double has
            // no digits behind the point, and the integer stands in its low bits.
            const double inverse = 1.0 / cells;
            for (size_t channel = 0; channel < p->channels; channel += CHUNK) {
                const size_t count = smaller(p->channels - channel, CHUNK);
                int32_t sums[CHUNK];
                add_cells(&w, channel, count, sums);
                int8_t *restrict to = output + (y * p->output_columns + x) * p->channels + channel;
                for (size_t c = 0; c < count; c++) {
                    const int32_t magnitude = sums[c] < 0 ? -sums[c] : sums[c];
                    const double numerator = (double)(magnitude + cells / 2) + 0.5;
                    const int32_t quotient = low_bits(numerator * inverse - 0.5 + 0x1.8p52);
                    const int32_t value = sums[c] < 0 ? -quotient : quotient;
                    to[c] = (int8_t)(value < low ? low : value > high ? high : value);
                }
            }
        }
    }
}

TARGET void KERNEL_NAME(mw_s8_sum_positions)(
    size_t positions, size_t channels, const int8_t *restrict input, int32_t *restrict sums) {
    assert(positions < (size_t)1 << 24);
    for (size_t c = 0; c < channels; c++) sums[c] = 0;
    for (size_t channel = 0; channel < channels; channel += CHUNK) {
        const size_t count = smaller(channels - channel, CHUNK);
        // 255 numbers of at most 2^7 stay within 16 bits, and 2^24 of them within 32.
        for (size_t first = 0; first < positions; first += 255) {
            const size_t last = smaller(first + 255, positions);
            int16_t partial[CHUNK] = {0};
            for (size_t position = first; position < last; position++) {
                const int8_t *restrict from = input + position * channels + channel;
                if (count == CHUNK) {
                    for (size_t c = 0; c < CHUNK; c++) partial[c] = (int16_t)(partial[c] + from[c]);
                } else {
                    for (size_t c = 0; c < count; c++) partial[c] = (int16_t)(partial[c] + from[c]);
                }
            }
            for (size_t c = 0; c < count; c++) sums[channel + c] += partial[c];
        }
    }
}
