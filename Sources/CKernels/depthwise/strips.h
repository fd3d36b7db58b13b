#ifndef MW_DEPTHWISE_STRIPS_H
#define MW_DEPTHWISE_STRIPS_H

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "../include/depthwise.h"

// The way through a depthwise convolution for instructions that multiply neighbouring numbers and add them up (4 bytes,
// or 2 of 16 bits: `width`). A row of the padded image is laid out anew as a strip of units: unit u of a channel holds
// `width` positions of it side by side, so that a lane of 32 bits meets a run of a kernel row's taps at once. Strips
// are kept in a ring in the first cache, each made once and used by every kernel row that passes over it.
//
// Positions are counted in the padded image. A group of units gives `phases` neighbouring outputs: the same unit
// multiplied by the kernel row moved by 0, 1, ... strides. Kernel rows longer than a unit take `segments` units.

enum { MW_STRIP_LANES = 16, MW_STRIP_UNIT_BYTES = 64, MW_STRIP_CHUNK = 8, MW_STRIP_ALIGNMENT = 64 };

/// Strips of one chunk of channels: what leaves room for weights and output in 32 KiB.
enum { MW_STRIP_RING_BYTES = 28 * 1024 };

typedef struct {
    /// Outputs of a group; positions between groups, and between the numbers of a unit.
    size_t phases, group_step, step;
    /// Units that a kernel row takes, and that each group has for itself; segment s of group g is unit g * own + s.
    size_t segments, own;
    size_t width;
    /// Channels of the last block where that has at most 8 and two groups share the lanes, else 0.
    size_t half;
    /// Blocks of 16 channels, the half one too; how many a chunk has at most.
    size_t blocks, chunk;
    /// Groups of a row, and of a tile of it, a multiple of what is computed at once.
    size_t groups, tile;
    size_t units;
    /// Rows of a window, output rows of a band, strips in the ring.
    size_t span, band, ring;
} mw_strips;

static inline size_t mw_smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t mw_larger(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t mw_ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }
static inline size_t mw_round_up(size_t a, size_t to) { return mw_ceil_divide(a, to) * to; }

/// Channels below round the ties of the last step up.
static inline int32_t mw_ties_up_channels(const mw_s8_depthwise *d) {
    if (d->requantization.kind == MW_REQUANTIZE_INTEGER_AWAY) return 0;
    if (d->requantization.kind != MW_REQUANTIZE_TWO_STEP) return INT32_MAX;
    return (int32_t)mw_smaller(d->ties_up_channels, INT32_MAX);
}

/// Phases are 1, 2 or 4.
static inline void mw_strips_of_row(mw_strips *s, const mw_s8_depthwise *d) {
    const size_t taps = d->taps_x, stride = d->stride_x, width = s->width;
    s->phases = 1;
    s->step = 1;
    s->own = 1;
    if (taps <= width && (taps == 1 || d->dilation_x == 1)) {
        const size_t fitting = (width - taps) / stride + 1;
        s->phases = fitting >= 4 ? 4 : fitting >= 2 ? 2 : 1;
        s->group_step = s->phases * stride;
        s->segments = 1;
    } else if (d->dilation_x == 1 && width % stride == 0) {
        s->phases = width / stride;
        s->group_step = width;
        s->segments = mw_ceil_divide((s->phases - 1) * stride + taps, width);
    } else {
        s->step = d->dilation_x;
        s->group_step = stride;
        s->segments = mw_ceil_divide(taps, width);
        s->own = s->segments;
    }
}

static inline mw_strips mw_strips_of(const mw_s8_depthwise *d, size_t width) {
    mw_strips s = {.width = width};
    mw_strips_of_row(&s, d);
    s.blocks = mw_ceil_divide(d->channels, MW_STRIP_LANES);
    const size_t last = d->channels % MW_STRIP_LANES;
    s.half = last > 0 && last <= 8 && s.own == 1 ? last : 0;
    s.span = (d->taps_y - 1) * d->dilation_y + 1;
    // What is computed at once: 4 vectors of outputs, of two groups each in a half block.
    const size_t at_once = (s.half > 0 ? 8 : 4) / s.phases;
    s.groups = mw_round_up(mw_ceil_divide(d->output_columns, s.phases), at_once);
    // 8 blocks where the rows are short, else 4: as many channels as a cache line holds.
    const size_t group_bytes = s.span * MW_STRIP_UNIT_BYTES * s.own;
    const bool is_short = s.groups * group_bytes * MW_STRIP_CHUNK <= MW_STRIP_RING_BYTES;
    s.chunk = mw_smaller(s.blocks, is_short ? MW_STRIP_CHUNK : MW_STRIP_CHUNK / 2);
    const size_t fitting = MW_STRIP_RING_BYTES / (group_bytes * s.chunk);
    s.tile = mw_smaller(s.groups, mw_larger(fitting / 8 * 8, 16));
    // Tiles of about the same size.
    s.tile = mw_round_up(mw_ceil_divide(s.groups, mw_ceil_divide(s.groups, s.tile)), at_once);
    s.units = s.tile * s.own + s.segments - 1;
    const size_t strips = MW_STRIP_RING_BYTES / (s.units * s.chunk * MW_STRIP_UNIT_BYTES);
    s.band = strips > s.span ? (strips - s.span) / d->stride_y + 1 : 1;
    s.band = mw_smaller(s.band, d->output_rows);
    s.ring = (s.band - 1) * d->stride_y + s.span;
    return s;
}

static inline size_t mw_strips_bytes(const mw_strips *s) { return s->chunk * s->units * MW_STRIP_UNIT_BYTES; }

/// The ring of strips, behind it a pixel of zero points for a chunk.
static inline size_t mw_strips_scratch_bytes(const mw_strips *s) {
    return s->ring * mw_strips_bytes(s) + MW_STRIP_CHUNK * MW_STRIP_LANES;
}

/// The tap that number `i` of segment `segment` meets for outputs of `phase`; taps_x or more where there is none.
static inline size_t mw_strips_tap(
    const mw_strips *s, const mw_s8_depthwise *d, size_t segment, size_t i, size_t phase) {
    return segment * s->width + i - phase * d->stride_x;
}

/// One strip to make.
typedef struct {
    /// The image's row from the chunk's first channel on; not read where `is_outside`.
    const int8_t *row;
    bool is_outside;
    /// The chunk's zero points.
    const int8_t *outside;
    /// Position of unit 0, in the image: below 0 (wrapped) in the padding.
    size_t first_position;
    /// Units whose positions all lie within the row.
    size_t inner_from, inner_to;
    /// Blocks of the chunk, whether the last one is the half one, and channels of the last one.
    size_t blocks, last_channels;
    bool ends_in_half;
    /// [block][unit][64]
    void *to;
} mw_strip;

typedef void mw_strip_make(const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip);

/// Some rows of outputs of one block in one tile.
typedef struct {
    size_t block, channels;
    bool is_half;
    /// The block's part of the first strip in the ring, and the strip that the first window begins with.
    const uint8_t *strips;
    size_t slot;
    size_t rows, outputs;
    int8_t *output;
} mw_strip_band;

typedef void mw_strip_compute(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_band *band);

/// The position that unit `unit` begins with.
static inline size_t mw_strip_position(const mw_strips *s, size_t unit) {
    return s->own == 1 ? unit * s->group_step : unit / s->own * s->group_step + unit % s->own * s->width * s->step;
}

/// Where position `position` of a strip lies in memory.
static inline const int8_t *mw_strip_at(const mw_s8_depthwise *d, const mw_strip *strip, size_t position) {
    const size_t column = strip->first_position + position;
    return !strip->is_outside && column < d->input_columns ? strip->row + column * d->channels : strip->outside;
}

/// Finds the units inner_from..<inner_to, whose positions all lie within the image's row.
static inline void mw_strip_find_inner(const mw_strips *s, const mw_s8_depthwise *d, mw_strip *strip) {
    const size_t reach = (s->width - 1) * s->step;
    size_t from = s->units, unit = 0;
    for (; unit < s->units; unit++) {
        const size_t first = strip->first_position + mw_strip_position(s, unit);
        const bool is_inner = first < d->input_columns && first + reach < d->input_columns;
        if (is_inner && from == s->units) from = unit;
        if (!is_inner && from < s->units) break;
    }
    strip->inner_from = from;
    strip->inner_to = unit;
}

static inline void mw_strips_walk_tile(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const int8_t *input, int8_t *output,
    size_t first_row, size_t last_row, size_t first_block, size_t first_group, uint8_t *scratch, mw_strip_make *make,
    mw_strip_compute *compute) {
    const size_t blocks = mw_smaller(s->chunk, s->blocks - first_block);
    const size_t first_channel = first_block * MW_STRIP_LANES;
    const size_t strip_bytes = mw_strips_bytes(s);
    const size_t before_last = first_channel + (blocks - 1) * MW_STRIP_LANES;
    const size_t last_channels = mw_smaller(d->channels - before_last, MW_STRIP_LANES);
    const size_t first_output = first_group * s->phases;
    const size_t outputs = mw_smaller(s->tile * s->phases, d->output_columns - first_output);

    mw_strip strip = {
        .outside = (const int8_t *)scratch + s->ring * strip_bytes,
        .first_position = first_group * s->group_step - d->pad_left,
        .blocks = blocks,
        .last_channels = last_channels,
        .ends_in_half = s->half > 0 && first_block + blocks == s->blocks,
    };
    mw_strip_find_inner(s, d, &strip);
    size_t next = first_row * d->stride_y;
    for (size_t band = first_row; band < last_row; band += s->band) {
        const size_t band_end = mw_smaller(band + s->band, last_row);
        next = mw_larger(next, band * d->stride_y);
        for (const size_t end = (band_end - 1) * d->stride_y + s->span; next < end; next++) {
            // No window covers the rows between two windows that are further apart than high.
            if (next % d->stride_y >= s->span) continue;
            const size_t row = next - d->pad_top;
            strip.is_outside = row >= d->input_rows;
            strip.row = input + first_channel + (strip.is_outside ? 0 : row * d->input_columns * d->channels);
            strip.to = scratch + next % s->ring * strip_bytes;
            make(s, d, &strip);
        }
        for (size_t block = 0; block < blocks; block++) {
            const bool is_last = block + 1 == blocks;
            const mw_strip_band of_block = {
                .block = first_block + block,
                .channels = is_last ? last_channels : MW_STRIP_LANES,
                .is_half = is_last && strip.ends_in_half,
                .strips = scratch + block * s->units * MW_STRIP_UNIT_BYTES,
                .slot = band * d->stride_y % s->ring,
                .rows = band_end - band,
                .outputs = outputs,
                .output = output + (band * d->output_columns + first_output) * d->channels + first_channel
                    + block * MW_STRIP_LANES,
            };
            compute(s, d, packed, &of_block);
        }
    }
}

/// The strip `by` rows further down.
static inline size_t mw_strips_slot(const mw_strips *s, size_t slot, size_t by) {
    slot += by;
    return slot < s->ring ? slot : by < s->ring ? slot - s->ring : slot % s->ring;
}

static inline void mw_strips_walk(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const int8_t *input, int8_t *output,
    size_t first_row, size_t last_row, void *scratch, mw_strip_make *make, mw_strip_compute *compute) {
    assert(first_row <= last_row && last_row <= d->output_rows);
    uint8_t *const memory = scratch;
    memset(memory + s->ring * mw_strips_bytes(s), d->input_zero_point, MW_STRIP_CHUNK * MW_STRIP_LANES);
    for (size_t block = 0; block < s->blocks; block += s->chunk) {
        for (size_t group = 0; group * s->phases < d->output_columns; group += s->tile) {
            mw_strips_walk_tile(
                s, d, packed, input, output, first_row, last_row, block, group, memory, make, compute);
        }
    }
}

#endif
