#if defined(__aarch64__)

#include <assert.h>
#include <string.h>

#include "../requantize/requantize_neon.h"
#include "kernels.h"

// expression(left, right) of all elements, 16 at a time, `right` from a row of as many, or from one element; what remains
// of a row is computed in a copy.
#define EACH(operands, a, b, output, expression)                                                       \
    do {                                                                                               \
        mw_s8_operands o = *(operands);                                                                \
        assert(o.b_column_stride <= 1);                                                                \
        if (o.b_row_stride == o.columns * o.b_column_stride) {                                         \
            o.columns *= o.rows;                                                                       \
            o.rows = o.columns > 0;                                                                    \
        }                                                                                              \
        for (size_t row = 0; row < o.rows; row++) {                                                    \
            const int8_t *as = (a) + row * o.columns, *bs = (b) + row * o.b_row_stride;                \
            int8_t *to = (output) + row * o.columns;                                                   \
            size_t remaining = o.columns;                                                              \
            for (; remaining >= 16; remaining -= 16, as += 16, bs += 16 * o.b_column_stride, to += 16) { \
                const int8x16_t left = vld1q_s8(as);                                                   \
                const int8x16_t right = o.b_column_stride == 1 ? vld1q_s8(bs) : vdupq_n_s8(*bs);       \
                vst1q_s8(to, (expression));                                                            \
            }                                                                                          \
            if (remaining > 0) {                                                                       \
                int8_t kept[2][16] = {{0}};                                                            \
                memcpy(kept[0], as, remaining);                                                        \
                if (o.b_column_stride == 1) memcpy(kept[1], bs, remaining);                            \
                else memset(kept[1], *bs, 16);                                                         \
                const int8x16_t left = vld1q_s8(kept[0]), right = vld1q_s8(kept[1]);                   \
                vst1q_s8(kept[0], (expression));                                                       \
                memcpy(to, kept[0], remaining);                                                        \
            }                                                                                          \
        }                                                                                              \
    } while (0)

/// 16 numbers less a zero point, in 32 bits: 4 vectors.
MW_NEON void widened(int8x16_t bytes, int32_t zero_point, int32x4_t wide[4]) {
    const int16x8_t point = vdupq_n_s16((int16_t)zero_point);
    const int16x8_t low = vsubq_s16(vmovl_s8(vget_low_s8(bytes)), point);
    const int16x8_t high = vsubq_s16(vmovl_high_s8(bytes), point);
    wide[0] = vmovl_s16(vget_low_s16(low));
    wide[1] = vmovl_high_s16(low);
    wide[2] = vmovl_s16(vget_low_s16(high));
    wide[3] = vmovl_high_s16(high);
}

typedef struct {
    int32x4_t left, multiplier, right, away;
    bool is_floor;
} fixed_point;

MW_NEON fixed_point fixed_point_of(const mw_fixed_point *by) {
    return (fixed_point){
        vdupq_n_s32(by->left), vdupq_n_s32(by->multiplier), vdupq_n_s32(-by->right),
        vdupq_n_s32(by->rounding == MW_TIES_AWAY && by->right > 0 ? -1 : 0), by->rounding == MW_FLOOR};
}

/// sqrdmulh is the product with ties up (no multiplier is negative, so it never saturates); negative ones lose 1 before
/// they are shifted where ties go away from zero. They are above INT32_MIN, since multipliers are below 2^31.
MW_NEON int32x4_t scaled(int32x4_t value, const fixed_point *by) {
    const int32x4_t product = vqrdmulhq_s32(vqshlq_s32(value, by->left), by->multiplier);
    if (by->is_floor) return vshlq_s32(product, by->right);
    return vrshlq_s32(vsraq_n_s32(product, vandq_s32(product, by->away), 31), by->right);
}

typedef struct {
    mw_requantize_neon shared;
    int32x4_t factor_a, factor_b, bias, right, right_b;
    float32x4_t float_a, float_b, float_offset;
    fixed_point scale_a, scale_b, scale_sum;
    int32_t zero_point_a, zero_point_b;
    int32x4_t sign_a, sign_b;
} addition;

MW_NEON mw_requantize_neon shared_of(int32_t zero_point, int32_t low, int32_t high) {
    const mw_requantization how = {.zero_point = zero_point, .low = low, .high = high};
    return mw_requantize_neon_load(&how);
}

MW_NEON addition addition_of(const mw_s8_add *how) {
    return (addition){
        .shared = shared_of(how->zero_point, how->low, how->high),
        .factor_a = vdupq_n_s32(how->factor_a),
        .factor_b = vdupq_n_s32(how->factor_b),
        .bias = vdupq_n_s32(how->bias),
        .right = vdupq_n_s32(-how->shift),
        .right_b = vdupq_n_s32(-how->shift_b),
        .float_a = vdupq_n_f32(how->float_a),
        .float_b = vdupq_n_f32(how->float_b),
        .float_offset = vdupq_n_f32(how->float_offset),
        .scale_a = fixed_point_of(&how->scale_a),
        .scale_b = fixed_point_of(&how->scale_b),
        .scale_sum = fixed_point_of(&how->scale_sum),
        .zero_point_a = how->zero_point_a,
        .zero_point_b = how->zero_point_b,
        .sign_a = vdupq_n_s32(how->sign_a),
        .sign_b = vdupq_n_s32(how->sign_b),
    };
}

MW_NEON int8x16_t add(const addition *how, const mw_add_kind kind, int8x16_t a, int8x16_t b) {
    int32x4_t x[4], y[4];
    widened(a, kind == MW_ADD_ONE_SHIFT ? 0 : how->zero_point_a, x);
    widened(b, kind == MW_ADD_ONE_SHIFT ? 0 : how->zero_point_b, y);
    for (size_t i = 0; i < 4; i++) {
        if (kind == MW_ADD_ONE_SHIFT) {
            const int32x4_t sum = vmlaq_s32(vmlaq_s32(how->bias, x[i], how->factor_a), y[i], how->factor_b);
            x[i] = vshlq_s32(sum, how->right);
        } else if (kind == MW_ADD_TWO_STEP) {
            const int32x4_t left = vmulq_s32(scaled(x[i], &how->scale_a), how->sign_a);
            x[i] = scaled(vmlaq_s32(left, scaled(y[i], &how->scale_b), how->sign_b), &how->scale_sum);
        } else if (kind == MW_ADD_REAL) {
            const float32x4_t right = vmulq_f32(vcvtq_f32_s32(y[i]), how->float_b);
            x[i] = vcvtnq_s32_f32(vaddq_f32(vmulq_f32(vcvtq_f32_s32(x[i]), how->float_a), right));
        } else if (kind == MW_ADD_SEPARATE) {
            const int32x4_t left = vmulq_s32(vrshlq_s32(vmulq_s32(x[i], how->factor_a), how->right), how->sign_a);
            x[i] = vmlaq_s32(left, vrshlq_s32(vmulq_s32(y[i], how->factor_b), how->right_b), how->sign_b);
        } else {
            const float32x4_t sum = vfmaq_f32(how->float_offset, vcvtq_f32_s32(y[i]), how->float_b);
            x[i] = vcvtnq_s32_f32(vfmaq_f32(sum, vcvtq_f32_s32(x[i]), how->float_a));
        }
    }
    return mw_narrow_neon(&how->shared, x);
}

void mw_s8_add__neon(
    const mw_s8_add *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const addition of = addition_of(how);
    switch (how->kind) {
    case MW_ADD_ONE_SHIFT: EACH(operands, a, b, output, add(&of, MW_ADD_ONE_SHIFT, left, right)); break;
    case MW_ADD_TWO_STEP: EACH(operands, a, b, output, add(&of, MW_ADD_TWO_STEP, left, right)); break;
    case MW_ADD_FLOAT: EACH(operands, a, b, output, add(&of, MW_ADD_FLOAT, left, right)); break;
    case MW_ADD_REAL: EACH(operands, a, b, output, add(&of, MW_ADD_REAL, left, right)); break;
    case MW_ADD_SEPARATE: EACH(operands, a, b, output, add(&of, MW_ADD_SEPARATE, left, right)); break;
    }
}

typedef struct {
    mw_requantize_neon shared;
    int32_t zero_point_a, zero_point_b;
    float32x4_t scale, moved;
    fixed_point fixed_point;
} multiplication;

MW_NEON int8x16_t multiply(const multiplication *how, const mw_multiply_kind kind, int8x16_t a, int8x16_t b) {
    int32x4_t x[4], y[4];
    widened(a, how->zero_point_a, x);
    widened(b, how->zero_point_b, y);
    for (size_t i = 0; i < 4; i++) {
        const int32x4_t product = vmulq_s32(x[i], y[i]);
        if (kind == MW_MULTIPLY_FIXED_POINT) {
            x[i] = scaled(product, &how->fixed_point);
        } else {
            const float32x4_t value = vmulq_f32(vcvtq_f32_s32(product), how->scale);
            x[i] = vcvtnq_s32_f32(kind == MW_MULTIPLY_FLOAT ? value : vaddq_f32(value, how->moved));
        }
    }
    return mw_narrow_neon(&how->shared, x);
}

void mw_s8_multiply__neon(
    const mw_s8_multiply *restrict how, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output) {
    const bool is_in_float = how->kind == MW_MULTIPLY_FLOAT_ZERO_POINT;
    const multiplication of = {
        shared_of(is_in_float ? -how->origin : how->zero_point, how->low, how->high), how->zero_point_a, how->zero_point_b,
        vdupq_n_f32(how->scale), vdupq_n_f32((float)(how->zero_point + how->origin)), fixed_point_of(&how->fixed_point)};
    switch (how->kind) {
    case MW_MULTIPLY_FLOAT: EACH(operands, a, b, output, multiply(&of, MW_MULTIPLY_FLOAT, left, right)); break;
    case MW_MULTIPLY_FLOAT_ZERO_POINT:
        EACH(operands, a, b, output, multiply(&of, MW_MULTIPLY_FLOAT_ZERO_POINT, left, right));
        break;
    case MW_MULTIPLY_FIXED_POINT:
        EACH(operands, a, b, output, multiply(&of, MW_MULTIPLY_FIXED_POINT, left, right));
        break;
    }
}

void mw_s8_maximum__neon(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    EACH(operands, a, b, output, vmaxq_s8(left, right));
}

void mw_s8_minimum__neon(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output) {
    EACH(operands, a, b, output, vminq_s8(left, right));
}

#endif
