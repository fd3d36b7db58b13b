#include "harness.h"

enum { CASES = 3000 };

static mw_fixed_point random_fixed_point(int64_t right) {
    const bool is_any = one_in(8);
    return (mw_fixed_point){
        (int32_t)(is_any ? random_between(0, 30) : one_in(2) ? 0 : random_between(0, 20)),
        one_in(20) ? 0 : one_in(3) ? 1 << 30 : (int32_t)random_between(1 << 30, INT32_MAX),
        (int32_t)(is_any ? random_between(0, 31) : random_between(0, right)), (mw_rounding)random_between(0, 2)};
}

static float random_scale(void) { return one_in(20) ? 1e30f : (float)random_between(1, 4096) / 2048.0f; }

static int32_t random_point(void) { return (int32_t)random_between(-128, 127); }

static void random_bounds(int32_t *low, int32_t *high) {
    *low = one_in(2) ? -128 : random_point();
    *high = one_in(2) ? 127 : (int32_t)random_between(*low, 127);
}

static mw_s8_add random_add(void) {
    mw_s8_add how = {
        .kind = (mw_add_kind)random_between(0, 4),
        .factor_a = (int32_t)random_between(-(1 << 21), 1 << 21),
        .factor_b = (int32_t)random_between(-(1 << 21), 1 << 21),
        .bias = (int32_t)random_between(INT32_MIN / 8, INT32_MAX / 8),
        .shift = (int32_t)(one_in(4) ? random_between(0, 31) : random_between(16, 24)),
        .zero_point_a = random_point(),
        .zero_point_b = random_point(),
        .sign_a = one_in(4) ? -1 : 1,
        .sign_b = one_in(4) ? -1 : 1,
        .scale_a = random_fixed_point(4),
        .scale_b = random_fixed_point(4),
        .scale_sum = random_fixed_point(22),
        .float_a = random_scale(),
        .float_b = random_scale(),
        .float_offset = (float)random_between(-1000, 1000) / 8.0f,
    };
    if (one_in(10)) how.factor_a = how.factor_b = how.bias = INT32_MAX;
    if (how.kind == MW_ADD_SEPARATE) {
        how.factor_a = (int32_t)random_between(0, 127);
        how.factor_b = one_in(2) ? 64 : (int32_t)random_between(0, 127);
        how.shift = (int32_t)random_between(0, one_in(4) ? 30 : 9);
        how.shift_b = (int32_t)random_between(0, one_in(4) ? 30 : 9);
    }
    how.zero_point = random_point();
    random_bounds(&how.low, &how.high);
    return how;
}

static mw_s8_multiply random_multiply(void) {
    mw_s8_multiply how = {
        .kind = (mw_multiply_kind)random_between(0, 2),
        .zero_point_a = random_point(),
        .zero_point_b = random_point(),
        .scale = random_scale() / 64.0f,
        .fixed_point = random_fixed_point(10),
        .zero_point = random_point(),
        .origin = one_in(2) ? 128 : 0,
    };
    random_bounds(&how.low, &how.high);
    return how;
}

static void run(
    const mw_s8_elementwise_kernel *kernel, int operator, const mw_s8_add *add, const mw_s8_multiply *multiply,
    const mw_s8_operands *operands, const int8_t *a, const int8_t *b, int8_t *output) {
    switch (operator) {
    case 0: kernel->maximum(operands, a, b, output); break;
    case 1: kernel->minimum(operands, a, b, output); break;
    case 2: kernel->multiply(multiply, operands, a, b, output); break;
    default: kernel->add(add, operands, a, b, output);
    }
}

void check_elementwise(void) {
    size_t count = 0;
    const mw_s8_elementwise_kernel *const table = mw_s8_elementwise_kernels(&count);
    EACH_KERNEL("elementwise", mw_s8_elementwise_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES; index++) {
            const bool at_end = index % 2 == 0;
            mw_s8_operands o = {
                .rows = random_size(1, 4), .columns = random_size(1, one_in(5) ? 150 : 40),
                .b_column_stride = random_size(0, 1)};
            o.b_row_stride = one_in(3) ? 0 : o.b_column_stride == 0 ? 1 : o.columns;
            const size_t bytes = o.rows * o.columns;
            const size_t b_bytes = (o.rows - 1) * o.b_row_stride + (o.b_column_stride == 1 ? o.columns : 1);
            int8_t *const a = guarded(bytes, at_end);
            int8_t *const b = guarded(b_bytes, at_end);
            fill(a, bytes, (int)random_between(0, FILLS - 1));
            fill(b, b_bytes, (int)random_between(0, FILLS - 1));
            const mw_s8_add add = random_add();
            const mw_s8_multiply multiply = random_multiply();
            const int operator = (int)random_between(0, 6);
            int8_t *const expected = guarded(bytes, false);
            run(&table[0], operator, &add, &multiply, &o, a, b, expected);
            // Elsewhere, or where the first operand is.
            int8_t *const found = one_in(3) ? a : guarded(bytes, at_end);
            run(kernel, operator, &add, &multiply, &o, a, b, found);
            if (!same(kernel->isa, expected, found, bytes)) {
                printf(
                    "    case %zu: operator %d, kinds %d %d, %zu x %zu\n", index, operator, (int)add.kind,
                    (int)multiply.kind, o.rows, o.columns);
            }
            release();
        }
    });
}
