#ifndef MW_RESIZE_H
#define MW_RESIZE_H

#include "CKernels.h"

/// How a pixel is mixed from four: the ones above and below by the row's share, left and right by the column's.
typedef enum {
    /// Shares in 2^-11; (sum of the four products + 2^21) >> 22. XNNPACK's.
    MW_RESIZE_SHIFTED = 0,
    /// Shares in 2^-10; the sum of the four products / 2^20, ties away from zero. TensorFlow Lite's for int8.
    MW_RESIZE_DIVIDED = 1,
    /// Shares in float, of numbers that were uint8: the four products added one by one, 0.5 added, cut off. TensorFlow
    /// Lite's for uint8.
    MW_RESIZE_FLOAT = 2,
} mw_resize_kind;

/// Output row y comes from input rows first_rows[y] and second_rows[y], the second with its share; columns likewise.
/// Indices lie within the input; shares are 0...1 in the kind's units.
typedef struct {
    mw_resize_kind kind;
    size_t input_columns, output_rows, output_columns, channels;
    const int32_t *first_rows, *second_rows, *first_columns, *second_columns;
    /// For MW_RESIZE_FLOAT.
    const float *row_fractions, *column_fractions;
    /// For the others.
    const int32_t *row_weights, *column_weights;
} mw_s8_resize;

/// Computes output rows first_row..<last_row; nearest takes the first row and column alone.
typedef void mw_s8_resize_run(
    const mw_s8_resize *restrict resize, const int8_t *restrict input, int8_t *restrict output, size_t first_row,
    size_t last_row);

mw_s8_resize_run mw_s8_resize_nearest;

typedef struct {
    const char *isa;
    mw_s8_resize_run *bilinear;
    bool (*is_supported)(void);
} mw_s8_resize_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_resize_kernel *mw_s8_resize_kernels(size_t *count);

#endif
