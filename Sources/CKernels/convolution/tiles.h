#ifndef MW_CONVOLUTION_TILES_H
#define MW_CONVOLUTION_TILES_H

#include <stdint.h>
#include <string.h>

#include "layout.h"

/// A tile's loops have constant trip counts and must vanish, or its sums leave the registers.
#if defined(__clang__)
#define MW_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MW_UNROLL _Pragma("GCC unroll 32")
#endif

/// Hides where a value came from: compilers otherwise rebuild tuned addresses and constants into slower ones.
#define MW_OPAQUE(constraint, value) __asm__("" : "+" constraint(value))

static inline int32_t mw_load_four(const int8_t *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    return four;
}

static inline size_t mw_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Parts of nearly equal size: part `index` of `count` things begins here.
static inline size_t mw_part_start(size_t count, size_t parts, size_t index) { return count * index / parts; }

/// `count` things in as few parts as hold at most so many each, all of nearly equal size: the first `larger` parts have
/// `size` + 1, the others `size`.
typedef struct {
    size_t parts, size, larger;
} mw_split;

static inline mw_split mw_split_evenly(size_t count, size_t most) {
    // A division of 64 bits takes several times as long; no count comes near 2^32.
    const uint32_t parts = (uint32_t)(count + most - 1) / (uint32_t)most, size = (uint32_t)count / parts;
    return (mw_split){parts, size, count - (size_t)parts * size};
}

static inline size_t mw_split_size(mw_split split, size_t index) { return split.size + (index < split.larger); }

/// Neighbouring positions whose windows are a constant distance apart.
typedef struct {
    const int8_t *input;
    int8_t *output;
    size_t positions;
} mw_stretch;

/// The stretch that begins at `position`: up to the end of its row, or to `last` where rows follow each other without a
/// gap, as in every convolution of 1 by 1.
static inline mw_stretch mw_stretch_at(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t position, size_t last) {
    int8_t *const to = output + position * c->output_stride;
    if (c->row_stride == c->columns * c->column_stride) {
        return (mw_stretch){input + position * c->column_stride, to, last - position};
    }
    const size_t y = position / c->columns, x = position % c->columns;
    return (mw_stretch){
        input + y * c->row_stride + x * c->column_stride, to, mw_smaller(last - position, c->columns - x)};
}

/// Computes some positions of one block.
typedef void (*mw_tile)(const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block);

/// Panels of blocks, whose weights stay in the first-level cache, over all positions; tiles[n] computes n positions,
/// 1...most.
void mw_convolve_by_blocks(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t first_position, size_t last_position,
    size_t first_block, size_t last_block, const mw_tile *tiles, size_t most);

/// Sum of a window's inputs, the bytes behind a run left out.
int32_t mw_sum_window(const mw_s8_convolution *c, const int8_t *input);

#endif
