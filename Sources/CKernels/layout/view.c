#include "../include/layout.h"

#include <assert.h>
#include <string.h>

enum { TILE = 8 };

// Where one of a pair has its upper bytes, as the mask says, and the other its lower ones, they are exchanged.
static inline void exchange(uint64_t *a, uint64_t *b, int bits, uint64_t mask) {
    const uint64_t changed = ((*a >> bits) ^ *b) & mask;
    *b ^= changed;
    *a ^= changed << bits;
}

// 8 rows of 8 bytes become 8 columns: quarters are exchanged, then quarters of quarters, then bytes.
static void transpose_tile(const int8_t *input, ptrdiff_t input_step, int8_t *output, size_t output_step) {
    uint64_t rows[TILE];
    for (ptrdiff_t i = 0; i < TILE; i++) memcpy(&rows[i], input + i * input_step, TILE);
    for (size_t i = 0; i < 4; i++) exchange(&rows[i], &rows[i + 4], 32, 0x00000000FFFFFFFF);
    for (size_t i = 0; i < 8; i += 4) {
        exchange(&rows[i], &rows[i + 2], 16, 0x0000FFFF0000FFFF);
        exchange(&rows[i + 1], &rows[i + 3], 16, 0x0000FFFF0000FFFF);
    }
    for (size_t i = 0; i < 8; i += 2) exchange(&rows[i], &rows[i + 1], 8, 0x00FF00FF00FF00FF);
    for (size_t i = 0; i < TILE; i++) memcpy(output + i * output_step, &rows[i], TILE);
}

// output[c * output_step + r] = input[r * input_step + c].
static void transpose_matrix(
    size_t rows, size_t columns, const int8_t *input, ptrdiff_t input_step, int8_t *output, size_t output_step) {
    const size_t whole_rows = rows / TILE * TILE, whole_columns = columns / TILE * TILE;
    for (size_t r = 0; r < whole_rows; r += TILE) {
        const int8_t *const from = input + (ptrdiff_t)r * input_step;
        for (size_t c = 0; c < whole_columns; c += TILE) {
            transpose_tile(from + c, input_step, output + c * output_step + r, output_step);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        const int8_t *const from = input + (ptrdiff_t)r * input_step;
        for (size_t c = r < whole_rows ? whole_columns : 0; c < columns; c++) output[c * output_step + r] = from[c];
    }
}

// An axis of a copy: how many elements, and how far apart in input and output.
typedef struct {
    size_t size;
    ptrdiff_t from;
    size_t to;
} axis;

// Elements along one axis.
static void copy_axis(axis a, const int8_t *input, int8_t *output) {
    if (a.from == 1) {
        memcpy(output, input, a.size);
    } else {
        for (size_t i = 0; i < a.size; i++) output[i] = input[(ptrdiff_t)i * a.from];
    }
}

void mw_s8_copy_view(
    const mw_s8_view *restrict view, const int8_t *restrict input, int8_t *restrict output, size_t first, size_t last) {
    assert(view->rank > 0 && view->rank <= MW_VIEW_RANK && first <= last && last <= view->size[0]);
    if (first == last) return;
    axis axes[MW_VIEW_RANK];
    size_t rank = view->rank, to = 1;
    for (size_t k = rank; k-- > 0; to *= view->size[k]) axes[k] = (axis){view->size[k], view->step[k], to};
    input += (ptrdiff_t)first * axes[0].from;
    output += first * axes[0].to;
    axes[0].size = last - first;

    // The output's innermost axis, and the one whose elements are neighbours in the input, where that is another.
    const axis inner = axes[--rank];
    axis neighbours = {0};
    for (size_t k = rank; k-- > 0 && inner.from != 1 && neighbours.size == 0;) {
        if (axes[k].from != 1) continue;
        neighbours = axes[k];
        memmove(axes + k, axes + k + 1, (--rank - k) * sizeof *axes);
    }
    size_t index[MW_VIEW_RANK] = {0};
    for (;;) {
        if (neighbours.size > 0) {
            transpose_matrix(inner.size, neighbours.size, input, inner.from, output, neighbours.to);
        } else {
            copy_axis(inner, input, output);
        }
        size_t k = rank;
        for (; k > 0; k--) {
            const axis a = axes[k - 1];
            input += a.from;
            output += a.to;
            if (++index[k - 1] < a.size) break;
            input -= a.from * (ptrdiff_t)a.size;
            output -= a.to * a.size;
            index[k - 1] = 0;
        }
        if (k == 0) return;
    }
}
