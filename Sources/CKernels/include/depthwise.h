#ifndef MW_DEPTHWISE_H
#define MW_DEPTHWISE_H

#include "CKernels.h"

/// A convolution of each channel by itself:
///
/// output[y, x, c] = requantize(bias[c] + sum over u, v of (weights[u, v, c] - weight_zero_points[c])
///     * (input[y * stride_y + u * dilation_y - pad_top, x * ... - pad_left, c] - input_zero_point))
///
/// where what lies outside the image counts 0. The image comes as it is, without padding; how much lies below it and to
/// its right follows from the output's size. Sums are modulo 2^32.
typedef struct {
    /// Image [rows, columns, channels] in and out; at least 1 each.
    size_t input_rows, input_columns, output_rows, output_columns, channels;
    size_t taps_y, taps_x, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    int32_t input_zero_point;
    mw_requantization requantization;
    /// For MW_REQUANTIZE_TWO_STEP: channels below round the second step's ties up, the others away from zero.
    size_t ties_up_channels;
} mw_s8_depthwise;

/// Lays weights [taps_y, taps_x, channels] and bias [channels] out as `run` wants them: once, when a plan is loaded.
/// weight_zero_points: [channels], or NULL where all are 0. packed: 64-byte aligned.
typedef void mw_s8_depthwise_pack(
    const mw_s8_depthwise *restrict depthwise, const int8_t *restrict weights,
    const int8_t *restrict weight_zero_points, const int32_t *restrict bias, void *restrict packed);

typedef size_t mw_s8_depthwise_bytes(const mw_s8_depthwise *depthwise);

/// Computes output rows first_row..<last_row; `output` is where row 0 begins. scratch: 64-byte aligned, one a thread.
typedef void mw_s8_depthwise_run(
    const mw_s8_depthwise *restrict depthwise, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch);

typedef struct {
    const char *isa;
    mw_s8_depthwise_bytes *packed_bytes, *scratch_bytes;
    mw_s8_depthwise_pack *pack;
    mw_s8_depthwise_run *run;
    bool (*is_supported)(void);
} mw_s8_depthwise_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_depthwise_kernel *mw_s8_depthwise_kernels(size_t *count);

#endif
