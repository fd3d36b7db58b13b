#ifndef MW_CKERNELS_H
#define MW_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    /// clamp(round_half_even((float)sum * scale) + zero_point); nothing overflows, however large the product.
    MW_REQUANTIZE_FLOAT = 0,
    /// gemmlowp's two roundings: a doubling high multiply (ties up), then a shift to the right (ties away from zero).
    MW_REQUANTIZE_TWO_STEP = 1,
    /// The same with ties up in both: ruy's rounding, which LiteRT's built-in convolution and dense layers have.
    MW_REQUANTIZE_TWO_STEP_UP = 2,
    /// One rounding of a product in 64 bits: (sum * multiplier + 2^right / 2) >> right, ties up.
    MW_REQUANTIZE_INTEGER = 3,
    /// The same with ties away from zero.
    MW_REQUANTIZE_INTEGER_AWAY = 4,
} mw_requantize_kind;

/// How 32-bit sums become int8: constants one an output channel, their count a multiple of 16.
typedef struct {
    mw_requantize_kind kind;
    /// For MW_REQUANTIZE_FLOAT; finite.
    const float *scales;
    /// For two steps: 0 or 2^30...2^31 - 1; -31...30, above zero to the left, where the sum saturates.
    /// For integers: 0...2^31 - 1; -31...0; together a factor below 2^20.
    const int32_t *multipliers, *shifts;
    /// Within -128...127.
    int32_t zero_point, low, high;
    /// As mw_requantization_fixed leaves them, for kernels that know the quicker way; NULL where there is none. The negative
    /// ones are NULL too where they are the others, or sums below zero end at `low` either way.
    const float *fixed_scales, *fixed_offsets, *fixed_negative_offsets;
    /// Parts behind an edge below which a result counts as near to it.
    int32_t fixed_near;
} mw_requantization;

/// Constants for a quicker way to the same bytes where sums are scaled by integers: in float32 with 16 digits behind the
/// point, half a step added, the rest cut off. What lies nearer to a step's edge than float32 is exact is computed again as
/// the kind says; two steps' first rounding is half of their second one's last digit in the edge.
///
/// how: kind, multipliers and shifts of `channels`. ties_up_channels: as in mw_s8_depthwise; 0 for convolutions.
/// most: one a channel, than which no sum of products without the bias is larger. bias: [channels].
/// offsets of sums below zero are others than `offsets` where a second rounding's ties go away from zero; one rounding
/// has the same for all channels.
/// The arrays: channels rounded up to a multiple of 16. Returns false, with the results undefined, where there is no
/// such way: for floats, and where sums can be too large.
bool mw_requantization_fixed(
    const mw_requantization *how, size_t channels, size_t ties_up_channels, const int64_t *most, const int32_t *bias,
    float *scales, float *offsets, float *negative_offsets, int32_t *near);

/// A convolution as a product of matrices whose left one is read where it lies: an image that has its padding already,
/// a row of a dense layer, a matrix.
///
/// Output position (y, x) sums over `segments` runs of `segment_length` bytes, at most 65536 bytes together, the first
/// byte of run s at input[y * row_stride + x * column_stride + segment_offsets[s]]. Up to 3 bytes behind a run are read
/// and multiplied by 0, so 3 bytes behind the last one must be readable. Nothing has to be aligned; weights on a cache
/// line are read faster.
typedef struct {
    /// Output positions: height and width.
    size_t rows, columns;
    /// Bytes of input between the windows of neighbouring positions.
    size_t row_stride, column_stride;
    size_t segments, segment_length;
    const int32_t *segment_offsets;
    /// Output channels, and bytes between the outputs of neighbouring positions (at least as many).
    size_t channels, output_stride;
    /// Weights that may be gone through again and again for some positions each: about half of the first-level cache. It
    /// changes the order of tiles alone.
    size_t panel_bytes;
    /// As mw_s8_convolution_pack leaves them.
    const int8_t *weights;
    /// One a channel, count a multiple of 16, as mw_s8_convolution_fold leaves it for the kernel that runs.
    const int32_t *folded_bias;
    /// NULL where all are 0, else one a channel, count a multiple of 16: sums lose zero point times the inputs' sum.
    const int32_t *weight_zero_points;
    /// For MW_REQUANTIZE_FLOAT: 0 for none, else what each (residual - residual_zero_point) is multiplied with before it
    /// is added to the scaled sum, which is rounded after that.
    float residual_scale;
    int32_t residual_zero_point;
    /// Bytes from an output to its residual, which lies in the same object and may be the output itself.
    ptrdiff_t residual_distance;
    mw_requantization requantization;
} mw_s8_convolution;

/// Computes positions first_position..<last_position (row-major) of channel blocks first_block..<last_block, and writes
/// nothing else: calls on ranges that do not overlap may run at the same time.
///
/// sums[c] = folded_bias[c] + sum over k of input[k] * (weights[c, k] - weight_zero_points[c])
///         + input_offset * sum over k of weights[c, k], modulo 2^32.
typedef void mw_s8_convolve(
    const mw_s8_convolution *restrict convolution, const int8_t *restrict input, int8_t *restrict output,
    size_t first_position, size_t last_position, size_t first_block, size_t last_block);

typedef struct {
    /// "avx2"
    const char *isa;
    /// What the kernel adds to each input before it multiplies: 0, or 128 where the instruction wants unsigned inputs.
    int32_t input_offset;
    mw_s8_convolve *run;
    /// Whether this CPU, under this operating system, has the instructions.
    bool (*is_supported)(void);
} mw_s8_convolution_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_convolution_kernel *mw_s8_convolution_kernels(size_t *count);

/// Channels of one block of packed weights; constants one a channel are padded to a multiple of it.
enum { MW_BLOCK_CHANNELS = 16 };

/// Bytes of the packed weights: ceil(channels / 16) * segments * ceil(segment_length / 4) * 64.
size_t mw_s8_convolution_packed_bytes(size_t channels, size_t segments, size_t segment_length);

/// From row-major [channels][segments][segment_length] to what every kernel reads: blocks of 16 channels, each
/// [segments][ceil(segment_length / 4)][16][4]; zeros where there is no channel or byte.
void mw_s8_convolution_pack(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict weights, int8_t *restrict packed);

/// folded[c] = bias[c] - sum over k of input_zero_point * (weights[c, k] - weight_zero_points[c])
///           - input_offset * sum over k of weights[c, k], modulo 2^32: with it the kernels' sums are those of
/// (input - input_zero_point) * (weights - weight_zero_points) + bias.
///
/// packed: packed weights. bias: [channels]. weight_zero_points: NULL or [channels]. folded: channels rounded up to a
/// multiple of 16, zeros where there is no channel.
void mw_s8_convolution_fold(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict packed, int32_t input_zero_point,
    int32_t input_offset, const int32_t *restrict weight_zero_points, const int32_t *restrict bias,
    int32_t *restrict folded);

/// most[c]: no sum over k of (input[k] - input_zero_point) * (weights[c, k] - weight_zero_points[c]) is larger in magnitude.
/// packed: packed weights. weight_zero_points: NULL or [channels].
void mw_s8_convolution_most(
    size_t channels, size_t segments, size_t segment_length, const int8_t *restrict packed, int32_t input_zero_point,
    const int32_t *restrict weight_zero_points, int64_t *restrict most);

#include "depthwise.h"
#include "distance.h"
#include "elementwise.h"
#include "layout.h"
#include "limit.h"
#include "lookup.h"
#include "pooling.h"
#include "quantize.h"
#include "resize.h"
#include "softmax.h"

#endif
