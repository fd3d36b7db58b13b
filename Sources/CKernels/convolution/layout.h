#ifndef MW_CONVOLUTION_LAYOUT_H
#define MW_CONVOLUTION_LAYOUT_H

#include <assert.h>

#include "../include/CKernels.h"

/// Bytes of the longest window. Sums of unsigned by signed bytes are at most 255 * 128 * 2^16 = 2^31 - 2^23, of signed
/// by signed 2^30, so none leaves 32 bits before the bias; that may have wrapped when it was folded and wraps back,
/// both modulo 2^32.
enum { MW_LONGEST_WINDOW = 65536 };

/// Groups of four bytes in a run, the last one filled up.
static inline size_t mw_segment_groups(size_t segment_length) { return (segment_length + 3) / 4; }

/// Bytes of one block of packed weights.
static inline size_t mw_block_bytes(size_t segments, size_t segment_length) {
    return segments * mw_segment_groups(segment_length) * 64;
}

static inline size_t mw_blocks(size_t channels) { return (channels + MW_BLOCK_CHANNELS - 1) / MW_BLOCK_CHANNELS; }

/// What every kernel may take for granted.
static inline void mw_assert_convolution(
    const mw_s8_convolution *c, size_t first_position, size_t last_position, size_t first_block, size_t last_block) {
    assert(c->segments > 0 && c->segment_length > 0 && c->segments * c->segment_length <= MW_LONGEST_WINDOW);
    assert(c->output_stride >= c->channels);
    assert(c->requantization.low >= -128 && c->requantization.low <= c->requantization.high);
    assert(c->requantization.high <= 127);
    assert(first_position <= last_position && last_position <= c->rows * c->columns);
    assert(first_block <= last_block && last_block <= mw_blocks(c->channels));
    (void)c, (void)first_position, (void)last_position, (void)first_block, (void)last_block;
}

#endif
