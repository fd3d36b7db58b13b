#include <assert.h>

#include "../cpu/target.h"
#include "kernels.h"

// The four pixels that one output pixel is mixed from, channel by channel.
typedef struct {
    const int8_t *above_left, *above_right, *below_left, *below_right;
} corners;

// Between two columns at most 2^7 * 2^11 in magnitude, between two rows of those 2^7 * 2^22: below 2^31 with the half.
BODY int32_t mixed(corners p, size_t c, int32_t one, int32_t down, int32_t across) {
    const int32_t above = p.above_left[c] * (one - across) + p.above_right[c] * across;
    const int32_t below = p.below_left[c] * (one - across) + p.below_right[c] * across;
    return above * (one - down) + below * down;
}

BODY void mix_shifted(corners p, size_t channels, int32_t down, int32_t across, int8_t *restrict to) {
    for (size_t c = 0; c < channels; c++) to[c] = (int8_t)((mixed(p, c, 2048, down, across) + (1 << 21)) >> 22);
}

BODY void mix_divided(corners p, size_t channels, int32_t down, int32_t across, int8_t *restrict to) {
    for (size_t c = 0; c < channels; c++) {
        const int32_t sum = mixed(p, c, 1024, down, across);
        const int32_t quotient = ((sum < 0 ? -sum : sum) + (1 << 19)) >> 20;
        to[c] = (int8_t)(sum < 0 ? -quotient : quotient);
    }
}

BODY void mix_float(corners p, size_t channels, float down, float across, int8_t *restrict to) {
    const float above_left = (1 - down) * (1 - across), above_right = (1 - down) * across;
    const float below_left = down * (1 - across), below_right = down * across;
    for (size_t c = 0; c < channels; c++) {
        float sum = (float)(p.above_left[c] + 128) * above_left;
        sum += (float)(p.above_right[c] + 128) * above_right;
        sum += (float)(p.below_left[c] + 128) * below_left;
        sum += (float)(p.below_right[c] + 128) * below_right;
        sum += 0.5f;
        to[c] = (int8_t)((int32_t)(sum < 255.0f ? sum : 255.0f) - 128);
    }
}

TARGET void KERNEL_NAME(mw_s8_resize_bilinear)(
    const mw_s8_resize *restrict r, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row) {
    assert(first_row <= last_row && last_row <= r->output_rows);
    const size_t channels = r->channels, row_bytes = r->input_columns * channels;
    int8_t *restrict to = output + first_row * r->output_columns * channels;
    for (size_t y = first_row; y < last_row; y++) {
        const int8_t *const above = input + (size_t)r->first_rows[y] * row_bytes;
        const int8_t *const below = input + (size_t)r->second_rows[y] * row_bytes;
        for (size_t x = 0; x < r->output_columns; x++, to += channels) {
            const size_t left = (size_t)r->first_columns[x] * channels;
            const size_t right = (size_t)r->second_columns[x] * channels;
            const corners p = {above + left, above + right, below + left, below + right};
            switch (r->kind) {
            case MW_RESIZE_SHIFTED: mix_shifted(p, channels, r->row_weights[y], r->column_weights[x], to); break;
            case MW_RESIZE_DIVIDED: mix_divided(p, channels, r->row_weights[y], r->column_weights[x], to); break;
            case MW_RESIZE_FLOAT: mix_float(p, channels, r->row_fractions[y], r->column_fractions[x], to); break;
            }
        }
    }
}
