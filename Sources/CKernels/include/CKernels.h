#ifndef MW_CKERNELS_H
#define MW_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// sums[r] = folded_bias[r] + sum over c of weights[r * columns + c] * (input[c] + input_offset), modulo 2^32.
///
/// weights: [rows, columns], row-major, in -128...127. columns at most 65536; with none the sums are the bias. Nothing
/// has to be aligned; nothing before or behind the operands is read or written.
typedef void mw_s8_fully_connected(
    size_t rows, size_t columns, const int8_t *restrict weights, const int8_t *restrict input,
    const int32_t *restrict folded_bias, int32_t *restrict sums);

typedef struct {
    /// "avx2"
    const char *isa;
    /// What the kernel adds to each input before it multiplies: 0, or 128 where the instruction wants unsigned inputs.
    int32_t input_offset;
    mw_s8_fully_connected *run;
    /// Whether this CPU, under this operating system, has the instructions.
    bool (*is_supported)(void);
} mw_s8_fully_connected_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_fully_connected_kernel *mw_s8_fully_connected_kernels(size_t *count);

/// folded[r] = bias[r] - (input_zero_point + input_offset) * sum over c of weights[r, c], modulo 2^32: with it the
/// kernels' sums are those of weights * (input - input_zero_point) + bias.
void mw_s8_fully_connected_fold(
    size_t rows, size_t columns, const int8_t *restrict weights, int32_t input_zero_point, int32_t input_offset,
    const int32_t *restrict bias, int32_t *restrict folded);

/// TensorFlow Lite's two-step requantization: output[i] = clamp(scale(sums[i]) + zero_point, low, high).
///
/// multipliers: 0 or 2^30...2^31 - 1; shifts: -31...30, above zero to the left; low and high within -128...127.
void mw_s8_requantize_two_step(
    size_t count, const int32_t *restrict sums, const int32_t *restrict multipliers, const int32_t *restrict shifts,
    int32_t zero_point, int32_t low, int32_t high, int8_t *restrict output);

#endif
