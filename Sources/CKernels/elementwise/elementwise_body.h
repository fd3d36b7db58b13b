#include <assert.h>
#include <math.h>

#include "../cpu/target.h"
#include "../requantize/nearest.h"
#include "fixed_point.h"
#include "kernels.h"

BODY int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
BODY int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
BODY int8_t clamped(int32_t value, int32_t low, int32_t high) { return (int8_t)smaller(larger(value, low), high); }

// expression(left, right) of all elements, `right` from a row of as many, or from one element.
#define EACH(operands, a, b, output, expression)                                                          \
    do {                                                                                                  \
        mw_s8_operands o = *(operands);                                                                   \
        assert(o.b_column_stride <= 1);                                                                   \
        if (o.b_row_stride == o.columns * o.b_column_stride) {                                            \
            o.columns *= o.rows;                                                                          \
            o.rows = o.columns > 0;                                                                       \
        }                                                                                                 \
        for (size_t row = 0; row < o.rows; row++) {                                                       \
            const int8_t *const as = (a) + row * o.columns, *const bs = (b) + row * o.b_row_stride;       \
            int8_t *const to = (output) + row * o.columns;                                                \
            if (o.b_column_stride == 1) {                                                                 \
                INDEPENDENT                                                                               \
                for (size_t i = 0; i < o.columns; i++) {                                                  \
                    const int32_t left = as[i], right = bs[i];                                            \
                    to[i] = (expression);                                                                 \
                }                                                                                         \
            } else if (o.columns > 0) {                                                                   \
                const int32_t right = bs[0];                                                              \
                INDEPENDENT                                                                               \
                for (size_t i = 0; i < o.columns; i++) {                                                  \
                    const int32_t left = as[i];                                                           \
                    to[i] = (expression);                                                                 \
                }                                                                                         \
            }                                                                                             \
        }                                                                                                 \
    } while (0)

BODY int8_t one_shift(
    int32_t a, int32_t b, int32_t factor_a, int32_t factor_b, int32_t bias, int32_t shift, int32_t zero_point,
    int32_t low, int32_t high) {
    const uint32_t sum = (uint32_t)bias + (uint32_t)a * (uint32_t)factor_a + (uint32_t)b * (uint32_t)factor_b;
    // A sum shifted so far that only its sign remains may still be 2^31 in magnitude: clamped before the addition.
    const int32_t shifted = smaller(larger((int32_t)sum >> shift, -65536), 65536);
    return clamped(shifted + zero_point, low, high);
}

BODY void add_one_shift(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const int32_t fa = how->factor_a, fb = how->factor_b, bias = how->bias, shift = how->shift;
    const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
    EACH(operands, a, b, output, one_shift(left, right, fa, fb, bias, shift, zero_point, low, high));
}

BODY int8_t two_step(
    int32_t a, int32_t b, const mw_s8_add *how, mw_rounding rounding_a, mw_rounding rounding_b,
    mw_rounding rounding_sum) {
    const mw_fixed_point *const sa = &how->scale_a, *const sb = &how->scale_b, *const ss = &how->scale_sum;
    const int32_t x = scaled(a - how->zero_point_a, sa->left, sa->multiplier, sa->right, rounding_a);
    const int32_t y = scaled(b - how->zero_point_b, sb->left, sb->multiplier, sb->right, rounding_b);
    // Each may be 2^31 in magnitude: modulo 2^32.
    const uint32_t sum = (uint32_t)x * (uint32_t)how->sign_a + (uint32_t)y * (uint32_t)how->sign_b;
    const int32_t value = scaled((int32_t)sum, ss->left, ss->multiplier, ss->right, rounding_sum);
    return clamped(smaller(larger(value, -65536), 65536) + how->zero_point, how->low, how->high);
}

// A copy that nothing else points to, so that the compiler keeps it in registers across stores of bytes.
#define TWO_STEP(ra, rb, rs) EACH(operands, a, b, output, two_step(left, right, &kept, ra, rb, rs))

BODY void add_two_step(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const mw_s8_add kept = *how;
    const mw_rounding ra = kept.scale_a.rounding, rb = kept.scale_b.rounding, rs = kept.scale_sum.rounding;
    // The ways that occur have loops of their own.
    if (ra == MW_TIES_AWAY && rb == MW_TIES_AWAY && rs == MW_TIES_AWAY) {
        TWO_STEP(MW_TIES_AWAY, MW_TIES_AWAY, MW_TIES_AWAY);
    } else if (ra == MW_FLOOR && rb == MW_FLOOR && rs == MW_TIES_AWAY) {
        TWO_STEP(MW_FLOOR, MW_FLOOR, MW_TIES_AWAY);
    } else {
        TWO_STEP(ra, rb, rs);
    }
}

#ifdef HAS_QUICK_ADD
// What lay near an edge on the quicker way.
TARGET __attribute__((noinline, cold)) static void add_exactly(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    add_two_step(how, operands, a, b, output);
}
#endif

BODY void add_float(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const float fa = how->float_a, fb = how->float_b, offset = how->float_offset;
    const int32_t za = how->zero_point_a, zb = how->zero_point_b;
    const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
    EACH(
        operands, a, b, output,
        clamped(
            nearest(fmaf((float)(left - za), fa, fmaf((float)(right - zb), fb, offset))) + zero_point, low, high));
}

BODY void add_real(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const float fa = how->float_a, fb = how->float_b;
    const int32_t za = how->zero_point_a, zb = how->zero_point_b;
    const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
    EACH(
        operands, a, b, output,
        clamped(nearest((float)(left - za) * fa + (float)(right - zb) * fb) + zero_point, low, high));
}

BODY void add_separate(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const int32_t fa = how->factor_a, fb = how->factor_b, sa = how->shift, sb = how->shift_b;
    const int32_t ha = (1 << sa) >> 1, hb = (1 << sb) >> 1, sign_a = how->sign_a, sign_b = how->sign_b;
    const int32_t za = how->zero_point_a, zb = how->zero_point_b;
    const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
    EACH(
        operands, a, b, output,
        clamped(
            sign_a * (((left - za) * fa + ha) >> sa) + sign_b * (((right - zb) * fb + hb) >> sb) + zero_point, low,
            high));
}

TARGET void KERNEL_NAME(mw_s8_add)(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    switch (how->kind) {
    case MW_ADD_ONE_SHIFT: add_one_shift(how, operands, a, b, output); break;
    case MW_ADD_TWO_STEP:
#ifdef HAS_QUICK_ADD
        if (how->near > 0) {
            add_quickly(how, operands, a, b, output, add_exactly);
            break;
        }
#endif
        add_two_step(how, operands, a, b, output);
        break;
    case MW_ADD_FLOAT: add_float(how, operands, a, b, output); break;
    case MW_ADD_REAL: add_real(how, operands, a, b, output); break;
    case MW_ADD_SEPARATE: add_separate(how, operands, a, b, output); break;
    }
}

TARGET void KERNEL_NAME(mw_s8_multiply)(
    const mw_s8_multiply *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const int32_t za = how->zero_point_a, zb = how->zero_point_b;
    const int32_t zero_point = how->zero_point, low = how->low, high = how->high;
    const int32_t origin = how->origin;
    const float scale = how->scale, moved = (float)(how->zero_point + origin);
    const mw_fixed_point by = how->fixed_point;
#define PRODUCT ((left - za) * (right - zb))
#define FIXED(rounding)                                                                                             \
    EACH(                                                                                                           \
        operands, a, b, output,                                                                                     \
        clamped(                                                                                                    \
            smaller(larger(scaled(PRODUCT, by.left, by.multiplier, by.right, rounding), -65536), 65536) + zero_point, \
            low, high))
    switch (how->kind) {
    case MW_MULTIPLY_FLOAT:
        EACH(operands, a, b, output, clamped(nearest((float)PRODUCT * scale) + zero_point, low, high));
        break;
    case MW_MULTIPLY_FLOAT_ZERO_POINT:
        EACH(operands, a, b, output, clamped(nearest((float)PRODUCT * scale + moved) - origin, low, high));
        break;
    case MW_MULTIPLY_FIXED_POINT:
        if (by.rounding == MW_TIES_AWAY) FIXED(MW_TIES_AWAY);
        else if (by.rounding == MW_TIES_UP) FIXED(MW_TIES_UP);
        else FIXED(MW_FLOOR);
        break;
    }
}

TARGET void KERNEL_NAME(mw_s8_maximum)(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    EACH(operands, a, b, output, (int8_t)larger(left, right));
}

TARGET void KERNEL_NAME(mw_s8_minimum)(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    EACH(operands, a, b, output, (int8_t)smaller(left, right));
}
