#ifndef MW_RESIZE_H
#define MW_RESIZE_H

#include "CKernels.h"

/// Output row y comes from input rows first_rows[y] and second_rows[y], the second with weight row_weights[y] / 2^11;
/// columns likewise. Indices lie within the input; weights are 0...2048.
typedef struct {
    size_t input_columns, output_rows, output_columns, channels;
    const int32_t *first_rows, *second_rows, *row_weights;
    const int32_t *first_columns, *second_columns, *column_weights;
} mw_s8_resize;

/// Computes output rows first_row..<last_row; nearest takes the first row and column alone.
typedef void mw_s8_resize_run(
    const mw_s8_resize *restrict resize, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row);

mw_s8_resize_run mw_s8_resize_nearest;

typedef struct {
    const char *isa;
    /// (sum of the four products + 2^21) >> 22.
    mw_s8_resize_run *bilinear;
    bool (*is_supported)(void);
} mw_s8_resize_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_resize_kernel *mw_s8_resize_kernels(size_t *count);

#endif
