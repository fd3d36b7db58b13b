#include <assert.h>
#include <string.h>

#include "../requantize/requantize.h"
#include "kernels.h"

// Packed: bias [channels], then weights less their zero points as [taps_y, taps_x, channels] of int16.

static bool ties_away(const mw_s8_depthwise *d, size_t channel) {
    const mw_requantize_kind kind = d->requantization.kind;
    return mw_is_away(kind) && (kind != MW_REQUANTIZE_TWO_STEP || channel >= d->ties_up_channels);
}

size_t mw_s8_depthwise_packed_bytes__scalar(const mw_s8_depthwise *d) {
    return d->channels * (sizeof(int32_t) + d->taps_y * d->taps_x * sizeof(int16_t));
}

size_t mw_s8_depthwise_scratch_bytes__scalar(const mw_s8_depthwise *d) {
    (void)d;
    return 0;
}

void mw_s8_depthwise_pack__scalar(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    int32_t *const packed_bias = packed;
    int16_t *const packed_weights = (int16_t *)(packed_bias + d->channels);
    memcpy(packed_bias, bias, d->channels * sizeof *bias);
    for (size_t tap = 0; tap < d->taps_y * d->taps_x; tap++) {
        for (size_t c = 0; c < d->channels; c++) {
            const size_t i = tap * d->channels + c;
            packed_weights[i] = (int16_t)(weights[i] - (weight_zero_points ? weight_zero_points[c] : 0));
        }
    }
}

void mw_s8_depthwise_run__scalar(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    assert(first_row <= last_row && last_row <= d->output_rows);
    (void)scratch;
    const int32_t *const bias = packed;
    const int16_t *const weights = (const int16_t *)(bias + d->channels);
    for (size_t y = first_row; y < last_row; y++) {
        for (size_t x = 0; x < d->output_columns; x++) {
            for (size_t c = 0; c < d->channels; c++) {
                uint32_t sum = (uint32_t)bias[c];
                for (size_t u = 0; u < d->taps_y; u++) {
                    // Above the image and to its left the subtraction wraps, and is not below the size either.
                    const size_t row = y * d->stride_y + u * d->dilation_y - d->pad_top;
                    if (row >= d->input_rows) continue;
                    for (size_t v = 0; v < d->taps_x; v++) {
                        const size_t column = x * d->stride_x + v * d->dilation_x - d->pad_left;
                        if (column >= d->input_columns) continue;
                        const int32_t value = input[(row * d->input_columns + column) * d->channels + c];
                        const int32_t weight = weights[(u * d->taps_x + v) * d->channels + c];
                        sum += (uint32_t)(weight * (value - d->input_zero_point));
                    }
                }
                output[(y * d->output_columns + x) * d->channels + c] =
                    mw_requantize(&d->requantization, c, (int32_t)sum, ties_away(d, c), 0);
            }
        }
    }
}
