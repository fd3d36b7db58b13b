#include "../requantize/requantize.h"
#include "kernels.h"
#include "layout.h"

void mw_s8_convolve__scalar(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    const size_t groups = mw_segment_groups(c->segment_length);
    const bool ties_away = mw_is_away(c->requantization.kind);
    const size_t last_channel = last_block * 16 < c->channels ? last_block * 16 : c->channels;
    for (size_t position = first_position; position < last_position; position++) {
        const int8_t *const window =
            input + position / c->columns * c->row_stride + position % c->columns * c->column_stride;
        for (size_t channel = first_block * 16; channel < last_channel; channel++) {
            const int8_t *const weights = c->weights + channel / 16 * c->segments * groups * 64 + channel % 16 * 4;
            int32_t sum = 0, inputs = 0;
            for (size_t segment = 0; segment < c->segments; segment++) {
                const int8_t *const run = window + c->segment_offsets[segment];
                for (size_t k = 0; k < c->segment_length; k++) {
                    sum += (int32_t)run[k] * weights[(segment * groups + k / 4) * 64 + k % 4];
                    inputs += run[k];
                }
            }
            uint32_t total = (uint32_t)c->folded_bias[channel] + (uint32_t)sum;
            if (c->weight_zero_points != NULL) total -= (uint32_t)c->weight_zero_points[channel] * (uint32_t)inputs;
            int8_t *const to = output + position * c->output_stride + channel;
            const float residual = c->residual_scale == 0
                ? 0
                : (float)(to[c->residual_distance] - c->residual_zero_point) * c->residual_scale;
            *to = mw_requantize(&c->requantization, channel, (int32_t)total, ties_away, residual);
        }
    }
}
