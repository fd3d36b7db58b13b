#include <math.h>

#include "kernels.h"

void mw_s8_quantize__scalar(
    const mw_s8_quantize *restrict q, size_t count, const float *restrict input, int8_t *restrict output) {
    for (size_t i = 0; i < count; i++) {
        float value = q->kind == MW_QUANTIZE_MULTIPLY_EVEN ? input[i] * q->scale : input[i] / q->scale;
        // Far beyond int8, so that it fits an integer; not-a-number compares false and falls to the lower end.
        value = value > -32767.0f ? value : -32767.0f;
        value = value < 32767.0f ? value : 32767.0f;
        const int32_t rounded = (int32_t)(q->kind == MW_QUANTIZE_DIVIDE_AWAY ? roundf(value) : rintf(value));
        const int32_t moved = rounded + q->zero_point;
        output[i] = (int8_t)(moved < q->low ? q->low : moved > q->high ? q->high : moved);
    }
}

void mw_s8_dequantize__scalar(
    size_t count, const int8_t *restrict input, int32_t zero_point, float scale, float *restrict output) {
    for (size_t i = 0; i < count; i++) output[i] = (float)(input[i] - zero_point) * scale;
}
