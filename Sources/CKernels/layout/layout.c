#include "../include/layout.h"

#include <assert.h>
#include <string.h>

void mw_s8_pad_image(const mw_s8_pad *restrict p, const int8_t *restrict input, int8_t *restrict output) {
    const size_t left = p->pad_left * p->channels, middle = p->columns * p->channels;
    const size_t right = p->pad_right * p->channels, row_bytes = left + middle + right;
    // What lies between two rows of the image is filled at one go: the right side of one and the left of the next.
    memset(output, p->value, p->pad_top * row_bytes + left);
    int8_t *to = output + p->pad_top * row_bytes + left;
    for (size_t row = 0; row < p->rows; row++) {
        memcpy(to, input + row * middle, middle);
        const bool is_last = row + 1 == p->rows;
        memset(to + middle, p->value, is_last ? right + p->pad_bottom * row_bytes : right + left);
        to += row_bytes;
    }
}

void mw_copy_runs(
    size_t runs, size_t bytes, const void *restrict input, size_t input_stride, void *restrict output,
    size_t output_stride) {
    const char *from = input;
    char *to = output;
    if (bytes == input_stride && bytes == output_stride) {
        memcpy(to, from, runs * bytes);
        return;
    }
    for (size_t run = 0; run < runs; run++) memcpy(to + run * output_stride, from + run * input_stride, bytes);
}

enum { BLOCK = 16 };

// 16 rows and 16 columns at a time: what is read and written stays in the first cache.
void mw_s8_transpose_matrix(
    size_t rows, size_t columns, const int8_t *restrict input, size_t input_stride, int8_t *restrict output,
    size_t output_stride) {
    for (size_t row = 0; row < rows; row += BLOCK) {
        const size_t last_row = row + BLOCK < rows ? row + BLOCK : rows;
        for (size_t column = 0; column < columns; column += BLOCK) {
            const size_t last_column = column + BLOCK < columns ? column + BLOCK : columns;
            for (size_t c = column; c < last_column; c++) {
                for (size_t r = row; r < last_row; r++) output[c * output_stride + r] = input[r * input_stride + c];
            }
        }
    }
}

typedef struct {
    // Of the output, outermost first: how many, and how far apart in input and output.
    size_t rank, size[MW_TRANSPOSE_RANK], from[MW_TRANSPOSE_RANK], to[MW_TRANSPOSE_RANK];
} axes;

// Axes of one element are left out, and neighbours that stay neighbours become one.
static axes merged_axes(size_t rank, const size_t *shape, const size_t *permutation) {
    size_t strides[MW_TRANSPOSE_RANK];
    size_t stride = 1;
    for (size_t k = rank; k-- > 0;) {
        strides[k] = stride;
        stride *= shape[k];
    }
    axes merged = {0};
    for (size_t k = 0; k < rank; k++) {
        const size_t size = shape[permutation[k]], from = strides[permutation[k]];
        if (size == 1) continue;
        const size_t last = merged.rank - 1;
        if (merged.rank > 0 && merged.from[last] == from * size) {
            merged.size[last] *= size;
            merged.from[last] = from;
        } else {
            merged.size[merged.rank] = size;
            merged.from[merged.rank] = from;
            merged.rank++;
        }
    }
    stride = 1;
    for (size_t k = merged.rank; k-- > 0;) {
        merged.to[k] = stride;
        stride *= merged.size[k];
    }
    return merged;
}

static void exchange(size_t *a, size_t *b) {
    const size_t kept = *a;
    *a = *b;
    *b = kept;
}

// `inner` axes are left to one call for all positions of the outer ones.
static void each_position(const axes *a, size_t inner, const int8_t *input, int8_t *output) {
    const size_t outer = a->rank - inner;
    size_t index[MW_TRANSPOSE_RANK] = {0};
    for (;;) {
        if (inner == 1) {
            memcpy(output, input, a->size[outer]);
        } else {
            // The input's innermost axis is the second last here: a matrix whose columns become rows.
            mw_s8_transpose_matrix(
                a->size[outer + 1], a->size[outer], input, a->from[outer + 1], output, a->to[outer]);
        }
        size_t k = outer;
        for (; k > 0; k--) {
            input += a->from[k - 1];
            output += a->to[k - 1];
            if (++index[k - 1] < a->size[k - 1]) break;
            input -= a->from[k - 1] * a->size[k - 1];
            output -= a->to[k - 1] * a->size[k - 1];
            index[k - 1] = 0;
        }
        if (k == 0) return;
    }
}

void mw_s8_transpose(
    size_t rank, const size_t *restrict shape, const size_t *restrict permutation, const int8_t *restrict input,
    int8_t *restrict output) {
    assert(rank > 0 && rank <= MW_TRANSPOSE_RANK);
    axes a = merged_axes(rank, shape, permutation);
    for (size_t k = 0; k < rank; k++) {
        if (shape[k] == 0) return;
    }
    if (a.rank == 0) {
        output[0] = input[0];
    } else if (a.from[a.rank - 1] == 1) {
        each_position(&a, 1, input, output);
    } else {
        // The order of the outer axes is free, so the input's innermost one is brought next to the output's.
        size_t contiguous = 0;
        while (a.from[contiguous] != 1) contiguous++;
        const size_t beside = a.rank - 2;
        exchange(&a.size[contiguous], &a.size[beside]);
        exchange(&a.from[contiguous], &a.from[beside]);
        exchange(&a.to[contiguous], &a.to[beside]);
        each_position(&a, 2, input, output);
    }
}
