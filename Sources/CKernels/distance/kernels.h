#ifndef MW_DISTANCE_KERNELS_H
#define MW_DISTANCE_KERNELS_H

#include <assert.h>
#include <string.h>

#include "../include/distance.h"

#define KERNEL(isa, offset, supported) mw_s8_distance_run mw_s8_distance__##isa;
#include "kernels.inc"
#undef KERNEL

enum { MW_DISTANCE_MOST_CHANNELS = 16384 };

static inline void mw_assert_memory(const mw_s8_memory *m) {
    assert(m->channels > 0 && m->channels % 4 == 0 && m->channels <= MW_DISTANCE_MOST_CHANNELS && m->rows > 0);
    (void)m;
}

/// |f|^2 of one position.
static inline int32_t mw_square(size_t channels, const int8_t *f) {
    int32_t sum = 0;
    for (size_t c = 0; c < channels; c++) sum += f[c] * f[c];
    return sum;
}

static inline int32_t mw_four_features(const int8_t *f) {
    int32_t four;
    memcpy(&four, f, sizeof four);
    return four;
}

/// The features of position p, or of the last one: tiles at the end compute it several times over.
static inline const int8_t *mw_position(size_t p, size_t positions, size_t channels, const int8_t *features) {
    return features + (p < positions ? p : positions - 1) * channels;
}

#endif
