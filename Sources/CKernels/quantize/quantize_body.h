#include "../cpu/target.h"
#include "../requantize/nearest.h"
#include "kernels.h"

BODY int8_t quantized(float value, int32_t zero_point, int32_t low, int32_t high) {
    const int32_t moved = nearest(value) + zero_point;
    return (int8_t)(moved < low ? low : moved > high ? high : moved);
}

TARGET void KERNEL_NAME(mw_s8_quantize)(
    const mw_s8_quantize *restrict q, size_t count, const float *restrict input, int8_t *restrict output) {
    const float scale = q->scale;
    const int32_t zero_point = q->zero_point, low = q->low, high = q->high;
    switch (q->kind) {
    case MW_QUANTIZE_MULTIPLY_EVEN:
        for (size_t i = 0; i < count; i++) output[i] = quantized(input[i] * scale, zero_point, low, high);
        break;
    case MW_QUANTIZE_DIVIDE_EVEN:
        for (size_t i = 0; i < count; i++) output[i] = quantized(input[i] / scale, zero_point, low, high);
        break;
    }
}

TARGET void KERNEL_NAME(mw_s8_dequantize)(
    size_t count, const int8_t *restrict input, int32_t zero_point, float scale, float offset, float *restrict output) {
    for (size_t i = 0; i < count; i++) output[i] = (float)(input[i] - zero_point) * scale + offset;
}
