// Every kernel of the table that this CPU has against the formula: all lengths 0...300 with 1...9 rows, each way to
// fill, operands touching a page that is not there.
#include "harness.h"

enum { MOST_COLUMNS = 300, MOST_ROWS = 9, LONGEST = 65536, WAYS = 5 };

static int8_t value(int way, bool is_weight) {
    static const int8_t extremes[4] = {-128, 127, 0, -1};
    switch (way) {
        case 0: return (int8_t)next_random();
        case 1: return -128;
        case 2: return 127;
        case 3: return is_weight ? -128 : 127;
        default: return extremes[next_random() >> 62];
    }
}

static bool agrees(const mw_s8_fully_connected_kernel *kernel, size_t rows, size_t columns, int way, bool at_end) {
    int8_t *const weights = guarded(rows * columns, at_end);
    int8_t *const input = guarded(columns, at_end);
    int32_t *const bias = guarded(rows * 4, at_end);
    int32_t *const folded = guarded(rows * 4, at_end);
    int32_t *const sums = guarded(rows * 4, at_end);
    const int32_t zero_point = (int8_t)next_random();
    for (size_t i = 0; i < rows * columns; i++) weights[i] = value(way, true);
    for (size_t i = 0; i < columns; i++) input[i] = value(way, false);
    for (size_t i = 0; i < rows; i++) bias[i] = (int32_t)(next_random() >> 32) / 16;
    mw_s8_fully_connected_fold(rows, columns, weights, zero_point, kernel->input_offset, bias, folded);
    kernel->run(rows, columns, weights, input, folded, sums);
    release();
    for (size_t row = 0; row < rows; row++) {
        int64_t sum = bias[row];
        for (size_t i = 0; i < columns; i++) sum += (int64_t)weights[row * columns + i] * (input[i] - zero_point);
        if ((uint32_t)sum != (uint32_t)sums[row]) {
            printf(
                "%s: %zu x %zu, way %d, %s, row %zu: expected %d, found %d\n", kernel->isa, rows, columns, way,
                at_end ? "end" : "start", row, (int32_t)(uint32_t)sum, sums[row]);
            return false;
        }
    }
    return true;
}

void check_fully_connected(void) {
    size_t count = 0;
    const mw_s8_fully_connected_kernel *const table = mw_s8_fully_connected_kernels(&count);
    EACH_KERNEL("fully_connected", mw_s8_fully_connected_kernel, table, 0, count, kernel, {
        for (size_t columns = 0; columns <= MOST_COLUMNS; columns++) {
            for (size_t rows = 1; rows <= MOST_ROWS; rows++) {
                for (int way = 0; way < WAYS; way++) {
                    const bool at_end = (columns + rows + (size_t)way) % 2 == 0;
                    *(agrees(kernel, rows, columns, way, at_end) ? &passed : &failed) += 1;
                }
            }
        }
        for (int way = 0; way < WAYS; way++) *(agrees(kernel, 1, LONGEST, way, true) ? &passed : &failed) += 1;
    });
}
