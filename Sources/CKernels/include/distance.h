#ifndef MW_DISTANCE_H
#define MW_DISTANCE_H

#include "CKernels.h"

/// What is known, rows of as many bytes as each position has.
typedef struct {
    /// A multiple of 4, at most 16,384: a squared distance is then at most 2^14 * 255^2 < 2^30.
    size_t channels;
    /// At least 1.
    size_t rows;
    /// As mw_s8_convolution_pack leaves them, with the rows as output channels and one segment.
    const int8_t *memory;
    /// One a row, count a multiple of 16, as mw_s8_distance_fold leaves them for the kernel that runs.
    const int32_t *norms;
} mw_s8_memory;

/// distances[p] = min over rows m of the sum over c of (features[p * channels + c] - m[c])^2, exact, for p < positions.
///
/// Computed as |f|^2 + min over m of (|m|^2 - 2 f m), whose every part stays within 2^31 for the channels allowed.
typedef void mw_s8_distance_run(
    const mw_s8_memory *restrict memory, size_t positions, const int8_t *restrict features,
    int32_t *restrict distances);

typedef struct {
    const char *isa;
    /// What the kernel adds to each feature before it multiplies: 0, or 128 where the instruction wants unsigned ones.
    int32_t input_offset;
    mw_s8_distance_run *run;
    bool (*is_supported)(void);
} mw_s8_distance_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_distance_kernel *mw_s8_distance_kernels(size_t *count);

/// norms[m] = |m|^2 + 2 * input_offset * sum over c of m[c], of rows [rows][channels]; INT32_MAX where there is no row.
void mw_s8_distance_fold(
    size_t rows, size_t channels, const int8_t *restrict memory, int32_t input_offset, int32_t *restrict norms);

#endif
