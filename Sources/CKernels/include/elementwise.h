#ifndef MW_ELEMENTWISE_H
#define MW_ELEMENTWISE_H

#include "CKernels.h"

/// Where the second operand's elements lie: that of output (row, column) is
/// b[row * b_row_stride + column * b_column_stride], b_column_stride 0 or 1. The first and the output are dense.
typedef struct {
    size_t rows, columns;
    size_t b_row_stride, b_column_stride;
} mw_s8_operands;

typedef enum {
    /// ((bias + a * factor_a + b * factor_b) >> shift) + zero_point, modulo 2^32 before the shift. XNNPACK's.
    MW_ADD_ONE_SHIFT = 0,
    /// Each operand less its zero point, scaled in fixed point, then the sum likewise. TensorFlow Lite's.
    MW_ADD_TWO_STEP = 1,
    /// round_half_even(fma(a - zero_point_a, float_a, fma(b - zero_point_b, float_b, float_offset))) + zero_point.
    /// ONNX Runtime's on x86: the three zero points are 0, or -128 for what was uint8.
    MW_ADD_FLOAT = 2,
    /// round_half_even((a - zero_point_a) * float_a + (b - zero_point_b) * float_b) + zero_point, no operation fused.
    MW_ADD_REAL = 3,
    /// sign_a * (((a - zero_point_a) * factor_a + 2^shift / 2) >> shift), likewise b by shift_b, and zero_point.
    MW_ADD_SEPARATE = 4,
} mw_add_kind;

typedef enum {
    MW_TIES_AWAY = 0,
    MW_TIES_UP = 1,
    /// No rounding: towards minus infinity.
    MW_FLOOR = 2,
} mw_rounding;

/// value << left (saturating), times multiplier / 2^31 rounded with ties up, then / 2^right.
typedef struct {
    int32_t left;
    /// 0 or 2^30...2^31 - 1.
    int32_t multiplier;
    /// 0...31.
    int32_t right;
    mw_rounding rounding;
} mw_fixed_point;

typedef struct {
    mw_add_kind kind;
    int32_t factor_a, factor_b, bias, shift, shift_b;
    /// Not for MW_ADD_ONE_SHIFT; signs, for MW_ADD_TWO_STEP and MW_ADD_SEPARATE alone, are 1 or -1 and come after the scaling.
    int32_t zero_point_a, zero_point_b, sign_a, sign_b;
    mw_fixed_point scale_a, scale_b, scale_sum;
    /// Of MW_ADD_FLOAT and MW_ADD_REAL; for MW_ADD_TWO_STEP as mw_s8_add_prepare leaves them, and so is `near`.
    float float_a, float_b, float_offset;
    int32_t near;
    /// Within -128...127; for MW_ADD_FLOAT the output's zero point is part of float_offset.
    int32_t zero_point, low, high;
} mw_s8_add;

/// Finds a quicker way to the bytes of MW_ADD_TWO_STEP: a * float_a + b * float_b + float_offset in float32 is the
/// scaled sum in parts, 65536 a step, with half a step and `near` added. What lies nearer to a step's edge than that
/// is computed again exactly; how near is measured here on every number that a side can be. `near` is 0 where there
/// is no such way.
void mw_s8_add_prepare(mw_s8_add *add);

typedef enum {
    /// round_half_even((float)product * scale) + zero_point.
    MW_MULTIPLY_FLOAT = 0,
    /// round_half_even((float)product * scale + (float)(zero_point + origin)) - origin.
    MW_MULTIPLY_FLOAT_ZERO_POINT = 1,
    MW_MULTIPLY_FIXED_POINT = 2,
} mw_multiply_kind;

/// product = (a - zero_point_a) * (b - zero_point_b).
typedef struct {
    mw_multiply_kind kind;
    int32_t zero_point_a, zero_point_b;
    float scale;
    mw_fixed_point fixed_point;
    int32_t zero_point, low, high;
    /// 128 where the numbers were uint8, else 0.
    int32_t origin;
} mw_s8_multiply;

typedef void mw_s8_add_run(
    const mw_s8_add *restrict add, const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b,
    int8_t *output);
typedef void mw_s8_multiply_run(
    const mw_s8_multiply *restrict multiply, const mw_s8_operands *restrict operands, const int8_t *a,
    const int8_t *b, int8_t *output);
/// The larger, or the smaller, of the two.
typedef void mw_s8_choose_run(
    const mw_s8_operands *restrict operands, const int8_t *a, const int8_t *b, int8_t *output);

/// The output may be the first operand itself, element for element.
typedef struct {
    const char *isa;
    mw_s8_add_run *add;
    mw_s8_multiply_run *multiply;
    mw_s8_choose_run *maximum, *minimum;
    bool (*is_supported)(void);
} mw_s8_elementwise_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_elementwise_kernel *mw_s8_elementwise_kernels(size_t *count);

#endif
