#ifndef MW_QUICK_ADD_H
#define MW_QUICK_ADD_H

// MW_ADD_TWO_STEP as mw_s8_add_prepare made it ready. The file that includes this has quick_add, the constants in
// registers, and add_some, QUICK_AT_ONCE sums; false, and nothing written, where one of them lies near an edge.

#include <assert.h>
#include <string.h>

BODY void add_each_quickly(
    const mw_s8_add *restrict how, const quick_add *quick, const mw_s8_operands *restrict operands, const int8_t *a,
    const int8_t *b, int8_t *output, mw_s8_add_run *exactly) {
    mw_s8_operands o = *operands;
    assert(o.b_column_stride <= 1);
    if (o.b_row_stride == o.columns * o.b_column_stride) {
        o.columns *= o.rows;
        o.rows = o.columns > 0;
    }
    const mw_s8_operands some = {1, QUICK_AT_ONCE, 0, 1};
    int8_t repeated[QUICK_AT_ONCE];
    for (size_t row = 0; row < o.rows; row++, a += o.columns, output += o.columns) {
        const int8_t *right = b + row * o.b_row_stride;
        if (o.b_column_stride == 0) {
            memset(repeated, *right, QUICK_AT_ONCE);
            right = repeated;
        }
        size_t i = 0;
        for (; i + QUICK_AT_ONCE <= o.columns; i += QUICK_AT_ONCE) {
            const int8_t *const of_b = right + i * o.b_column_stride;
            if (!add_some(quick, a + i, of_b, output + i)) exactly(how, &some, a + i, of_b, output + i);
        }
        const size_t rest = o.columns - i;
        if (rest == 0) continue;
        // In a copy, filled up with zero points, whose sum is never near an edge.
        int8_t kept[2][QUICK_AT_ONCE];
        memset(kept[0], how->zero_point_a, QUICK_AT_ONCE);
        memset(kept[1], how->zero_point_b, QUICK_AT_ONCE);
        memcpy(kept[0], a + i, rest);
        memcpy(kept[1], right + i * o.b_column_stride, rest);
        if (!add_some(quick, kept[0], kept[1], kept[0])) exactly(how, &some, kept[0], kept[1], kept[0]);
        memcpy(output + i, kept[0], rest);
    }
}

#endif
