#ifndef MW_POOLING_H
#define MW_POOLING_H

#include "CKernels.h"

/// A window that moves over an image without padding of its own: cells outside are left out.
typedef struct {
    /// Image [rows, columns, channels] in and out; at least 1 each. Each window holds at least one cell of the image.
    size_t input_rows, input_columns, output_rows, output_columns, channels;
    size_t taps_y, taps_x, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    /// Results are clamped to these, within -128...127.
    int32_t low, high;
} mw_s8_pool;

/// Computes output rows first_row..<last_row; `output` is where row 0 begins.
///
/// - maximum: the largest of the cells.
/// - average: the sum of the n cells divided by n, ties away from zero, of the numbers as they are stored.
typedef void mw_s8_pool_run(
    const mw_s8_pool *restrict pool, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row);

/// sums[c] = sum over p < positions of input[p * channels + c]; positions below 2^24.
typedef void mw_s8_sum_positions(
    size_t positions, size_t channels, const int8_t *restrict input, int32_t *restrict sums);

typedef struct {
    const char *isa;
    mw_s8_pool_run *maximum, *average;
    mw_s8_sum_positions *sum;
    bool (*is_supported)(void);
} mw_s8_pooling_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_pooling_kernel *mw_s8_pooling_kernels(size_t *count);

#endif
