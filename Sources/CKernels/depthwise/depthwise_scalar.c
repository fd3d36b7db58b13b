#define TARGET

#include <assert.h>
#include <string.h>

#include "../requantize/requantize_lanes.h"
#include "kernels.h"

// Packed: bias [channels], then weights less their zero points as [taps_y, taps_x, channels] of int16.

/// Channels whose sums are computed side by side: a few vectors of every CPU, whose sums it has registers for.
enum { LANES = 32 };

/// The first channel whose last rounding sends ties away from zero.
static size_t first_away(const mw_s8_depthwise *d) {
    if (!mw_is_away(d->requantization.kind)) return d->channels;
    return d->requantization.kind == MW_REQUANTIZE_TWO_STEP ? d->ties_up_channels : 0;
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

/// One tap of some channels.
BODY void add_tap(
    size_t count, const int16_t *restrict weights, const int8_t *restrict input, int32_t zero_point,
    uint32_t *restrict sums) {
    for (size_t i = 0; i < count; i++) sums[i] += (uint32_t)(weights[i] * (input[i] - zero_point));
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
            int8_t *const to = output + (y * d->output_columns + x) * d->channels;
            for (size_t c = 0; c < d->channels; c += LANES) {
                const size_t count = d->channels - c < LANES ? d->channels - c : LANES;
                uint32_t sums[LANES];
                for (size_t i = 0; i < count; i++) sums[i] = (uint32_t)bias[c + i];
                for (size_t u = 0; u < d->taps_y; u++) {
                    // Above the image and to its left the subtraction wraps, and is not below the size either.
                    const size_t row = y * d->stride_y + u * d->dilation_y - d->pad_top;
                    if (row >= d->input_rows) continue;
                    for (size_t v = 0; v < d->taps_x; v++) {
                        const size_t column = x * d->stride_x + v * d->dilation_x - d->pad_left;
                        if (column >= d->input_columns) continue;
                        const int8_t *const from = input + (row * d->input_columns + column) * d->channels + c;
                        const int16_t *const tap = weights + (u * d->taps_x + v) * d->channels + c;
                        // A count that compilers know.
                        if (count == LANES) add_tap(LANES, tap, from, d->input_zero_point, sums);
                        else add_tap(count, tap, from, d->input_zero_point, sums);
                    }
                }
                requantize_lanes(&d->requantization, c, count, (const int32_t *)sums, first_away(d), to + c);
            }
        }
    }
}
