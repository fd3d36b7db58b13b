#include <assert.h>
#include <math.h>

#include "kernels.h"

static int8_t clamp(int64_t value, int32_t low, int32_t high) {
    return (int8_t)(value < low ? low : value > high ? high : value);
}

// To the nearest, ties to even; what is beyond int8 by far is cut off first, so that it fits an integer.
static int64_t nearest(float value) { return lrintf(fminf(fmaxf(value, -32767.0f), 32767.0f)); }

static int64_t scaled(int64_t value, const mw_fixed_point *by) {
    int64_t shifted = value * ((int64_t)1 << by->left);
    shifted = shifted < INT32_MIN ? INT32_MIN : shifted > INT32_MAX ? INT32_MAX : shifted;
    const int64_t high = (shifted * by->multiplier + ((int64_t)1 << 30)) >> 31;
    if (by->rounding == MW_FLOOR) return high >> by->right;
    const int64_t mask = ((int64_t)1 << by->right) - 1;
    return (high >> by->right) + ((high & mask) > (mask >> 1) + (by->rounding == MW_TIES_AWAY && high < 0));
}

static int8_t add(const mw_s8_add *how, int32_t a, int32_t b) {
    int64_t value;
    switch (how->kind) {
    case MW_ADD_ONE_SHIFT: {
        const uint32_t sum =
            (uint32_t)how->bias + (uint32_t)(a * how->factor_a) + (uint32_t)(b * how->factor_b);
        value = (int32_t)sum >> how->shift;
        break;
    }
    case MW_ADD_TWO_STEP: {
        // Both are at most 2^31 and what they are scaled by is below 1, so that the sum may leave 32 bits: modulo 2^32.
        const int64_t left = how->sign_a * scaled(a - how->zero_point_a, &how->scale_a);
        const int64_t right = how->sign_b * scaled(b - how->zero_point_b, &how->scale_b);
        value = scaled((int32_t)(uint32_t)(left + right), &how->scale_sum);
        break;
    }
    default: value = nearest(fmaf((float)a, how->float_a, fmaf((float)b, how->float_b, how->float_offset)));
    }
    return clamp(value + how->zero_point, how->low, how->high);
}

static int8_t multiply(const mw_s8_multiply *how, int32_t a, int32_t b) {
    const int32_t product = (a - how->zero_point_a) * (b - how->zero_point_b);
    switch (how->kind) {
    case MW_MULTIPLY_FLOAT:
        return clamp(nearest((float)product * how->scale) + how->zero_point, how->low, how->high);
    case MW_MULTIPLY_FLOAT_ZERO_POINT: {
        const float scaled = (float)product * how->scale;
        return clamp(nearest(scaled + (float)how->zero_point), how->low, how->high);
    }
    default: return clamp(scaled(product, &how->fixed_point) + how->zero_point, how->low, how->high);
    }
}

#define EACH(operands, a, b, output, expression)                                              \
    for (size_t row = 0; row < (operands)->rows; row++) {                                     \
        for (size_t column = 0; column < (operands)->columns; column++) {                     \
            const size_t i = row * (operands)->columns + column;                              \
            const int8_t left = (a)[i];                                                       \
            const int8_t right = (b)[row * (operands)->b_row_stride + column * (operands)->b_column_stride]; \
            (output)[i] = (expression);                                                       \
        }                                                                                     \
    }

void mw_s8_add__scalar(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    assert(operands->b_column_stride <= 1);
    EACH(operands, a, b, output, add(how, left, right))
}

void mw_s8_multiply__scalar(
    const mw_s8_multiply *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    assert(operands->b_column_stride <= 1);
    EACH(operands, a, b, output, multiply(how, left, right))
}

void mw_s8_maximum__scalar(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    assert(operands->b_column_stride <= 1);
    EACH(operands, a, b, output, left > right ? left : right)
}

void mw_s8_minimum__scalar(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    assert(operands->b_column_stride <= 1);
    EACH(operands, a, b, output, left < right ? left : right)
}
