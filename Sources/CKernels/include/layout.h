#ifndef MW_LAYOUT_H
#define MW_LAYOUT_H

#include "CKernels.h"

// Bytes moved and not changed: memcpy does the work, the same on every instruction set.

/// Copies an image [rows, columns, channels] to the middle of a larger one [pad_top + rows + pad_bottom, ...] that is
/// `value` around it.
typedef struct {
    size_t rows, columns, channels;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    int8_t value;
} mw_s8_pad;
void mw_s8_pad_image(const mw_s8_pad *restrict pad, const int8_t *restrict input, int8_t *restrict output);

/// Copies `runs` runs of `bytes` bytes that begin input_stride, and output_stride, apart: a slice, a part of a
/// concatenation.
void mw_copy_runs(
    size_t runs, size_t bytes, const void *restrict input, size_t input_stride, void *restrict output,
    size_t output_stride);

/// output[c * output_stride + r] = input[r * input_stride + c].
void mw_s8_transpose_matrix(
    size_t rows, size_t columns, const int8_t *restrict input, size_t input_stride, int8_t *restrict output,
    size_t output_stride);

enum { MW_TRANSPOSE_RANK = 8 };

/// Axis k of the output is axis permutation[k] of the input. rank: 1...MW_TRANSPOSE_RANK; shape: the input's.
void mw_s8_transpose(
    size_t rank, const size_t *restrict shape, const size_t *restrict permutation, const int8_t *restrict input,
    int8_t *restrict output);

#endif
