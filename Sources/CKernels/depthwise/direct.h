#ifndef MW_DEPTHWISE_DIRECT_H
#define MW_DEPTHWISE_DIRECT_H

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "../include/depthwise.h"

// The way through a depthwise convolution for instructions that multiply channel by channel: each output pixel from
// pointers to the input pixels that its window covers, those outside the image to a pixel of zero points.
//
// Packed: a mw_direct_header, bias int32 [padded] with the zero point folded in, weights [taps][padded] less their zero
// points, of 8 bits where all lie within -127...127, else of 16. padded: channels up to a multiple of 16.

enum { MW_DIRECT_ALIGNMENT = 64 };

typedef struct {
    int32_t is_narrow;
} mw_direct_header;

/// Two products of such weights fit 16 bits.
enum { MW_NARROW_WEIGHT = 127 };

static inline size_t mw_direct_padded(const mw_s8_depthwise *d) { return (d->channels + 15) / 16 * 16; }

static inline size_t mw_direct_taps(const mw_s8_depthwise *d) { return d->taps_y * d->taps_x; }

static inline const int32_t *mw_direct_bias(const void *packed) {
    return (const int32_t *)((const char *)packed + MW_DIRECT_ALIGNMENT);
}

static inline const void *mw_direct_weights(const mw_s8_depthwise *d, const void *packed) {
    return mw_direct_bias(packed) + mw_direct_padded(d);
}

static inline size_t mw_direct_packed_bytes(const mw_s8_depthwise *d) {
    return MW_DIRECT_ALIGNMENT + mw_direct_padded(d) * (sizeof(int32_t) + mw_direct_taps(d) * sizeof(int16_t));
}

/// Channels whose last rounding has ties up, from the first on.
static inline size_t mw_direct_ties_up(const mw_s8_depthwise *d) {
    if (d->requantization.kind == MW_REQUANTIZE_INTEGER_AWAY) return 0;
    return d->requantization.kind == MW_REQUANTIZE_TWO_STEP ? d->ties_up_channels : d->channels;
}

/// The pixel of zero points, pointers to pixels, and how far each moves from one output to the next.
static inline size_t mw_direct_scratch_bytes(const mw_s8_depthwise *d) {
    return mw_direct_padded(d) + mw_direct_taps(d) * (sizeof(int8_t *) + sizeof(size_t));
}

static inline void mw_direct_pack(
    const mw_s8_depthwise *d, const int8_t *weights, const int8_t *zero_points, const int32_t *bias, void *packed) {
    const size_t taps = mw_direct_taps(d), padded = mw_direct_padded(d);
    memset(packed, 0, mw_direct_packed_bytes(d));
    int32_t *const folded = (int32_t *)mw_direct_bias(packed);
    int16_t *const wide = (int16_t *)mw_direct_weights(d, packed);
    int8_t *const narrow = (int8_t *)wide;
    mw_direct_header header = {1};
    for (size_t c = 0; c < d->channels; c++) {
        uint32_t sum = 0;
        for (size_t tap = 0; tap < taps; tap++) {
            const int32_t weight = weights[tap * d->channels + c] - (zero_points ? zero_points[c] : 0);
            if (weight < -MW_NARROW_WEIGHT || weight > MW_NARROW_WEIGHT) header.is_narrow = 0;
            sum += (uint32_t)weight;
        }
        folded[c] = (int32_t)((uint32_t)bias[c] - (uint32_t)d->input_zero_point * sum);
    }
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t c = 0; c < d->channels; c++) {
            const int32_t weight = weights[tap * d->channels + c] - (zero_points ? zero_points[c] : 0);
            if (header.is_narrow) narrow[tap * padded + c] = (int8_t)weight;
            else wide[tap * padded + c] = (int16_t)weight;
        }
    }
    memcpy(packed, &header, sizeof header);
}

/// All channels of one output pixel; taps: pointers to the pixels of its window.
typedef void mw_direct_pixel(
    const mw_s8_depthwise *d, const void *packed, const int8_t *const *taps, int8_t *output);

static inline void mw_direct_walk(
    const mw_s8_depthwise *d, const void *packed, const int8_t *input, int8_t *output, size_t first_row,
    size_t last_row, void *scratch, mw_direct_pixel *pixel) {
    assert(first_row <= last_row && last_row <= d->output_rows);
    const size_t row_bytes = d->input_columns * d->channels, count = mw_direct_taps(d);
    int8_t *const outside = scratch;
    const int8_t **const taps = (const int8_t **)(outside + mw_direct_padded(d));
    size_t *const steps = (size_t *)(taps + count);
    memset(outside, d->input_zero_point, mw_direct_padded(d));
    int8_t *to = output + first_row * d->output_columns * d->channels;
    for (size_t y = first_row; y < last_row; y++) {
        // Whether the pixel before had all its columns within the image, as the next one has.
        bool is_inner = false;
        for (size_t x = 0; x < d->output_columns; x++, to += d->channels) {
            // Left of the image and above it the subtraction wraps, and is not below the size either.
            const size_t left = x * d->stride_x - d->pad_left, right = left + (d->taps_x - 1) * d->dilation_x;
            if (is_inner && right < d->input_columns) {
                for (size_t tap = 0; tap < count; tap++) taps[tap] += steps[tap];
            } else {
                for (size_t u = 0, tap = 0; u < d->taps_y; u++) {
                    const size_t row = y * d->stride_y + u * d->dilation_y - d->pad_top;
                    for (size_t v = 0; v < d->taps_x; v++, tap++) {
                        const size_t column = left + v * d->dilation_x;
                        const bool is_within = row < d->input_rows && column < d->input_columns;
                        taps[tap] = is_within ? input + row * row_bytes + column * d->channels : outside;
                        steps[tap] = is_within ? d->stride_x * d->channels : 0;
                    }
                }
                is_inner = left < d->input_columns && right < d->input_columns && left <= right;
            }
            pixel(d, packed, taps, to);
        }
    }
}

#endif
