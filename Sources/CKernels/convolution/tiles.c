#include "tiles.h"

void mw_convolve_by_blocks(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t first_position, size_t last_position,
    size_t first_block, size_t last_block, const mw_tile *tiles, size_t most) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    if (first_block == last_block) return;
    const size_t block_bytes = mw_block_bytes(c->segments, c->segment_length);
    const size_t most_blocks = block_bytes < c->panel_bytes ? c->panel_bytes / block_bytes : 1;
    const mw_split panels = mw_split_evenly(last_block - first_block, most_blocks);
    size_t from = first_block;
    for (size_t panel = 0; panel < panels.parts; panel++) {
        const size_t to = from + mw_split_size(panels, panel);
        for (size_t position = first_position; position < last_position;) {
            const mw_stretch stretch = mw_stretch_at(c, input, output, position, last_position);
            const mw_split heights = mw_split_evenly(stretch.positions, most);
            const int8_t *read = stretch.input;
            int8_t *written = stretch.output;
            for (size_t i = 0; i < heights.parts; i++) {
                const size_t rows = mw_split_size(heights, i);
                for (size_t block = from; block < to; block++) tiles[rows](c, read, written, block);
                read += rows * c->column_stride;
                written += rows * c->output_stride;
            }
            position += stretch.positions;
        }
        from = to;
    }
}

int32_t mw_sum_window(const mw_s8_convolution *c, const int8_t *input) {
    int32_t sum = 0;
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *const run = input + c->segment_offsets[segment];
        for (size_t k = 0; k < c->segment_length; k++) sum += run[k];
    }
    return sum;
}
