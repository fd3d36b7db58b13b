#include "harness.h"

enum { CASES = 900 };

/// Random windows, each with at least one cell within the image.
static mw_s8_pool random_pool(void) {
    mw_s8_pool p = {.channels = one_in(6) ? random_size(60, 140) : random_size(1, 40)};
    p.input_rows = random_size(1, 9);
    p.input_columns = random_size(1, 12);
    p.taps_y = random_size(1, p.input_rows);
    p.taps_x = random_size(1, p.input_columns);
    p.dilation_y = p.dilation_x = 1;
    if (p.taps_y * 2 <= p.input_rows && one_in(3)) p.dilation_y = 2;
    if (p.taps_x * 2 <= p.input_columns && one_in(3)) p.dilation_x = 2;
    p.stride_y = random_size(1, 3);
    p.stride_x = random_size(1, 3);
    const size_t high = (p.taps_y - 1) * p.dilation_y, wide = (p.taps_x - 1) * p.dilation_x;
    if (p.dilation_y == 1) p.pad_top = random_size(0, high);
    if (p.dilation_x == 1) p.pad_left = random_size(0, wide);
    // Windows begin at the last row and column of the image at the latest.
    p.output_rows = (p.input_rows - 1 - (p.dilation_y == 1 ? 0 : high) + p.pad_top) / p.stride_y + 1;
    p.output_columns = (p.input_columns - 1 - (p.dilation_x == 1 ? 0 : wide) + p.pad_left) / p.stride_x + 1;
    p.low = one_in(2) ? -128 : (int32_t)random_between(-128, 127);
    p.high = one_in(2) ? 127 : (int32_t)random_between(p.low, 127);
    return p;
}

void check_pooling(void) {
    size_t count = 0;
    const mw_s8_pooling_kernel *const table = mw_s8_pooling_kernels(&count);
    EACH_KERNEL("pooling", mw_s8_pooling_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES; index++) {
            const bool at_end = index % 2 == 0;
            const mw_s8_pool p = random_pool();
            const size_t input_bytes = p.input_rows * p.input_columns * p.channels;
            const size_t output_bytes = p.output_rows * p.output_columns * p.channels;
            int8_t *const input = guarded(input_bytes, at_end);
            fill(input, input_bytes, (int)random_between(0, FILLS - 1));
            const size_t first = one_in(4) ? random_size(0, p.output_rows) : 0;
            int8_t *const expected = guarded(output_bytes, false);
            int8_t *const found = guarded(output_bytes, at_end);
            if (index % 3 == 0) {
                table[0].maximum(&p, input, expected, first, p.output_rows);
                kernel->maximum(&p, input, found, first, p.output_rows);
                same(kernel->isa, expected, found, output_bytes);
            } else if (index % 3 == 1) {
                table[0].average(&p, input, expected, first, p.output_rows);
                kernel->average(&p, input, found, first, p.output_rows);
                same(kernel->isa, expected, found, output_bytes);
            } else {
                const size_t positions = p.input_rows * p.input_columns;
                int32_t *const wanted = guarded(p.channels * sizeof(int32_t), false);
                int32_t *const got = guarded(p.channels * sizeof(int32_t), at_end);
                table[0].sum(positions, p.channels, input, wanted);
                kernel->sum(positions, p.channels, input, got);
                same(kernel->isa, wanted, got, p.channels * sizeof(int32_t));
            }
            release();
        }
        // More positions than 16 bits hold the sums of.
        for (size_t channels = 1; channels < 80; channels += 13) {
            const size_t positions = 1500;
            int8_t *const input = guarded(positions * channels, true);
            fill(input, positions * channels, channels % 2 == 0 ? 1 : 3);
            int32_t wanted[80];
            int32_t got[80];
            table[0].sum(positions, channels, input, wanted);
            kernel->sum(positions, channels, input, got);
            same(kernel->isa, wanted, got, channels * sizeof(int32_t));
            release();
        }
    });
}
