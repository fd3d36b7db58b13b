#ifndef MW_CONVOLUTION_REQUANTIZE_H
#define MW_CONVOLUTION_REQUANTIZE_H

#include "../include/CKernels.h"

static inline int64_t mw_clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

/// XNNPACK and ONNX Runtime. The clamp comes first, so that the conversion sees nothing beyond -255...255; its bounds
/// are whole numbers, so that rounding afterwards changes nothing about it. Adding 1.5 * 2^23 leaves no bits for a
/// fraction: the sum rounds half to even, and taking the constant away again is exact.
static inline int8_t mw_requantize_float(int32_t sum, float scale, int32_t zero_point, int32_t low, int32_t high) {
    float value = (float)sum * scale;
    value = value < (float)(high - zero_point) ? value : (float)(high - zero_point);
    value = value > (float)(low - zero_point) ? value : (float)(low - zero_point);
    const float rounded = (value + 12582912.0f) - 12582912.0f;
    return (int8_t)((int32_t)rounded + zero_point);
}

/// The first step: sum * 2^left * multiplier / 2^31, ties up. gemmlowp's nudge and truncating division is the floor of
/// product / 2^31 + 1/2. At most 2^62, and since no multiplier is negative the one product that would saturate does not
/// occur.
static inline int64_t mw_high_product(int32_t sum, int32_t multiplier, int32_t shift) {
    const int64_t shifted = mw_clamp(sum * ((int64_t)1 << (shift > 0 ? shift : 0)), INT32_MIN, INT32_MAX);
    return (shifted * multiplier + ((int64_t)1 << 30)) >> 31;
}

/// gemmlowp: the second step's ties away from zero.
static inline int8_t mw_requantize_two_step(
    int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point, int32_t low, int32_t high) {
    const int64_t product = mw_high_product(sum, multiplier, shift);
    const int32_t right = shift < 0 ? -shift : 0;
    const int64_t mask = ((int64_t)1 << right) - 1, threshold = (mask >> 1) + (product < 0);
    return (int8_t)mw_clamp((product >> right) + ((product & mask) > threshold) + zero_point, low, high);
}

/// ruy: the second step's ties up.
static inline int8_t mw_requantize_two_step_up(
    int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point, int32_t low, int32_t high) {
    const int64_t product = mw_high_product(sum, multiplier, shift);
    const int32_t right = shift < 0 ? -shift : 0;
    return (int8_t)mw_clamp(((product + (((int64_t)1 << right) >> 1)) >> right) + zero_point, low, high);
}

static inline int8_t mw_requantize(const mw_requantization *how, size_t channel, int32_t sum) {
    switch (how->kind) {
        case MW_REQUANTIZE_TWO_STEP:
            return mw_requantize_two_step(
                sum, how->multipliers[channel], how->shifts[channel], how->zero_point, how->low, how->high);
        case MW_REQUANTIZE_TWO_STEP_UP:
            return mw_requantize_two_step_up(
                sum, how->multipliers[channel], how->shifts[channel], how->zero_point, how->low, how->high);
        case MW_REQUANTIZE_FLOAT: break;
    }
    return mw_requantize_float(sum, how->scales[channel], how->zero_point, how->low, how->high);
}

#endif
