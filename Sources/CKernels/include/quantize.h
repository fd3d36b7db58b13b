#ifndef MW_QUANTIZE_H
#define MW_QUANTIZE_H

#include "CKernels.h"

typedef enum {
    /// round_half_even(x * scale), scale the inverse of the tensor's. XNNPACK's.
    MW_QUANTIZE_MULTIPLY_EVEN = 0,
    /// round_half_even(x / scale). ONNX's QuantizeLinear.
    MW_QUANTIZE_DIVIDE_EVEN = 1,
} mw_quantize_kind;

typedef struct {
    mw_quantize_kind kind;
    float scale;
    /// Within -128...127.
    int32_t zero_point, low, high;
} mw_s8_quantize;

/// output[i] = clamp(round(input[i] by scale) + zero_point); what is not a number gives `low`.
typedef void mw_s8_quantize_run(
    const mw_s8_quantize *restrict quantize, size_t count, const float *restrict input, int8_t *restrict output);

/// output[i] = (float)(input[i] - zero_point) * scale + offset, each step rounded.
typedef void mw_s8_dequantize_run(
    size_t count, const int8_t *restrict input, int32_t zero_point, float scale, float offset, float *restrict output);

typedef struct {
    const char *isa;
    mw_s8_quantize_run *quantize;
    mw_s8_dequantize_run *dequantize;
    bool (*is_supported)(void);
} mw_s8_quantize_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_quantize_kernel *mw_s8_quantize_kernels(size_t *count);

#endif
