#include "harness.h"

enum { CASES = 400 };

static int32_t *random_numbers(size_t count, size_t most) {
    int32_t *const numbers = guarded(count * sizeof(int32_t), true);
    for (size_t i = 0; i < count; i++) numbers[i] = (int32_t)(one_in(6) ? most : random_size(0, most));
    return numbers;
}

static float *fractions_of(const int32_t *weights, size_t count) {
    float *const fractions = guarded(count * sizeof(float), true);
    for (size_t i = 0; i < count; i++) fractions[i] = (float)weights[i] / 1024.0f;
    return fractions;
}

void check_resize(void) {
    size_t count = 0;
    const mw_s8_resize_kernel *const table = mw_s8_resize_kernels(&count);
    EACH_KERNEL("resize", mw_s8_resize_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES; index++) {
            const size_t rows = random_size(1, 6);
            mw_s8_resize r = {
                .kind = (mw_resize_kind)(index % 3), .input_columns = random_size(1, 6),
                .output_rows = random_size(1, 6), .output_columns = random_size(1, 9), .channels = random_size(1, 70)};
            r.first_rows = random_numbers(r.output_rows, rows - 1);
            r.second_rows = random_numbers(r.output_rows, rows - 1);
            const size_t one = r.kind == MW_RESIZE_SHIFTED ? 2048 : 1024;
            r.row_weights = random_numbers(r.output_rows, one);
            r.row_fractions = fractions_of(r.row_weights, r.output_rows);
            r.first_columns = random_numbers(r.output_columns, r.input_columns - 1);
            r.second_columns = random_numbers(r.output_columns, r.input_columns - 1);
            r.column_weights = random_numbers(r.output_columns, one);
            r.column_fractions = fractions_of(r.column_weights, r.output_columns);
            const size_t input_bytes = rows * r.input_columns * r.channels;
            const size_t output_bytes = r.output_rows * r.output_columns * r.channels;
            int8_t *const input = guarded(input_bytes, index % 2 == 0);
            fill(input, input_bytes, (int)random_between(0, FILLS - 1));
            int8_t *const expected = guarded(output_bytes, false);
            int8_t *const found = guarded(output_bytes, index % 2 == 0);
            table[0].bilinear(&r, input, expected, 0, r.output_rows);
            kernel->bilinear(&r, input, found, 0, r.output_rows);
            same(kernel->isa, expected, found, output_bytes);
            release();
        }
    });
}
