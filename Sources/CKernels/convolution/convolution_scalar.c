#define TARGET

#include "../requantize/requantize_lanes.h"
#include "kernels.h"
#include "layout.h"

// Plain C for CPUs without a kernel of their own, written so that compilers make vectors of it; layout.h has the bound of
// a whole window, and an element of `products` takes a quarter of it.

/// Sums of one window times each channel of a block: 64 products side by side, four a channel.
static void sum_products(const mw_s8_convolution *c, const int8_t *window, const int8_t *weights, int32_t *sums) {
    const size_t groups = mw_segment_groups(c->segment_length);
    int32_t products[64] = {0};
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *run = window + c->segment_offsets[segment];
        for (size_t group = 0; group < groups; group++, run += 4, weights += 64) {
            int8_t inputs[64];
            for (size_t k = 0; k < 64; k += 4) memcpy(inputs + k, run, 4);
            for (size_t k = 0; k < 64; k++) products[k] += inputs[k] * weights[k];
        }
    }
    for (size_t i = 0; i < 16; i++) {
        sums[i] = products[4 * i] + products[4 * i + 1] + products[4 * i + 2] + products[4 * i + 3];
    }
}

static int32_t sum_inputs(const mw_s8_convolution *c, const int8_t *window) {
    int32_t sum = 0;
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *const run = window + c->segment_offsets[segment];
        for (size_t k = 0; k < c->segment_length; k++) sum += run[k];
    }
    return sum;
}

/// Float factors with a residual, rounded once.
static void add_residual(
    const mw_s8_convolution *c, size_t channel, size_t count, const int32_t *sums, int8_t *output) {
    for (size_t i = 0; i < count; i++) {
        const float residual = (float)(output[(ptrdiff_t)i + c->residual_distance] - c->residual_zero_point);
        output[i] = mw_requantize(&c->requantization, channel + i, sums[i], false, residual * c->residual_scale);
    }
}

void mw_s8_convolve__scalar(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    const size_t first_away = mw_is_away(c->requantization.kind) ? 0 : c->channels;
    for (size_t position = first_position; position < last_position; position++) {
        const int8_t *const window =
            input + position / c->columns * c->row_stride + position % c->columns * c->column_stride;
        const int32_t inputs = c->weight_zero_points == NULL ? 0 : sum_inputs(c, window);
        for (size_t block = first_block; block < last_block; block++) {
            const size_t channel = block * 16, left = c->channels - channel;
            int32_t sums[16];
            sum_products(c, window, c->weights + block * block_bytes, sums);
            for (size_t i = 0; i < 16; i++) {
                uint32_t total = (uint32_t)c->folded_bias[channel + i] + (uint32_t)sums[i];
                if (c->weight_zero_points != NULL) {
                    total -= (uint32_t)c->weight_zero_points[channel + i] * (uint32_t)inputs;
                }
                sums[i] = (int32_t)total;
            }
            int8_t *const to = output + position * c->output_stride + channel;
            if (c->residual_scale != 0) add_residual(c, channel, left < 16 ? left : 16, sums, to);
            else requantize_lanes(&c->requantization, channel, left < 16 ? left : 16, sums, first_away, to);
        }
    }
}
