#ifndef MW_LAYOUT_H
#define MW_LAYOUT_H

#include "CKernels.h"

// Bytes moved and not changed, the same on every instruction set.

enum { MW_VIEW_RANK = 8 };

/// Elements that lie somewhere in a tensor: along axis k there are size[k], step[k] apart in either direction. A slice, a
/// transposition.
typedef struct {
    /// 1...MW_VIEW_RANK.
    size_t rank;
    /// At least 1 each.
    size_t size[MW_VIEW_RANK];
    ptrdiff_t step[MW_VIEW_RANK];
} mw_s8_view;

/// Copies elements first..<last of the outermost axis, row-major, to where the whole copy has them. input: the first
/// element of all; output: where the whole copy begins.
void mw_s8_copy_view(
    const mw_s8_view *restrict view, const int8_t *restrict input, int8_t *restrict output, size_t first, size_t last);

/// As mw_s8_convolution_pack for one segment, from a matrix whose element (channel, k) is at
/// matrix[channel * channel_step + k * step]; one of the steps is 1.
void mw_s8_pack_matrix(
    size_t channels, size_t length, size_t channel_step, size_t step, const int8_t *restrict matrix,
    int8_t *restrict packed);

#endif
