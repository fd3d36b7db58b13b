#ifndef MW_DEPTHWISE_PACKED_BYTES_H
#define MW_DEPTHWISE_PACKED_BYTES_H

#include "strips.h"

// Weights for strips of 4 bytes a lane. A weight less its zero point needs 8 bits and a sign; it is the sum of up to
// three numbers of 8 bits, each in a plane of its own, and most blocks have one plane only.
//
// Packed: bias int32 [blocks][16], with zero point and offset folded in; planes int32 [blocks], rounded up to 64 bytes;
// weights [3 planes][blocks][taps_y][segments][phases][16 lanes][4].

enum { MW_WEIGHT_PLANES = 3 };

static inline size_t mw_packed_planes_offset(const mw_strips *s) {
    return s->blocks * MW_STRIP_LANES * sizeof(int32_t);
}

static inline size_t mw_packed_weights_offset(const mw_strips *s) {
    return mw_packed_planes_offset(s) + mw_round_up(s->blocks * sizeof(int32_t), MW_STRIP_ALIGNMENT);
}

static inline size_t mw_packed_block_bytes(const mw_strips *s, const mw_s8_depthwise *d) {
    return d->taps_y * s->segments * s->phases * MW_STRIP_UNIT_BYTES;
}

static inline size_t mw_packed_size(const mw_strips *s, const mw_s8_depthwise *d) {
    return mw_packed_weights_offset(s) + MW_WEIGHT_PLANES * s->blocks * mw_packed_block_bytes(s, d);
}

static inline int32_t mw_packed_weight(
    const mw_s8_depthwise *d, const int8_t *weights, const int8_t *zero_points, size_t tap, size_t channel) {
    return weights[tap * d->channels + channel] - (zero_points ? zero_points[channel] : 0);
}

static inline int32_t mw_planes_of(int32_t weight) {
    return weight >= -128 && weight <= 127 ? 1 : weight >= -256 && weight <= 254 ? 2 : 3;
}

/// Plane `plane` of the first ones that add up to the weight.
static inline int8_t mw_plane_of(int32_t weight, int32_t plane) {
    int32_t part = 0;
    for (int32_t p = 0; p <= plane; p++) {
        part = weight < -128 ? -128 : weight > 127 ? 127 : weight;
        weight -= part;
    }
    return (int8_t)part;
}

/// - input_offset: what `run` adds to each input, 0 or 128.
static inline void mw_pack_bytes(
    const mw_strips *s, const mw_s8_depthwise *d, const int8_t *weights, const int8_t *zero_points,
    const int32_t *bias, int32_t input_offset, void *packed) {
    const size_t taps = d->taps_y * d->taps_x, block_bytes = mw_packed_block_bytes(s, d);
    int32_t *const folded = packed;
    int32_t *const planes = (int32_t *)((char *)packed + mw_packed_planes_offset(s));
    int8_t *const to = (int8_t *)packed + mw_packed_weights_offset(s);
    for (size_t block = 0; block < s->blocks; block++) {
        const bool is_half = s->half > 0 && block + 1 == s->blocks;
        planes[block] = 1;
        for (size_t lane = 0; lane < MW_STRIP_LANES; lane++) {
            const size_t channel = block * MW_STRIP_LANES + (is_half ? lane % 8 : lane);
            uint32_t sum = 0;
            for (size_t tap = 0; channel < d->channels && tap < taps; tap++) {
                const int32_t weight = mw_packed_weight(d, weights, zero_points, tap, channel);
                sum += (uint32_t)weight;
                if (mw_planes_of(weight) > planes[block]) planes[block] = mw_planes_of(weight);
            }
            folded[block * MW_STRIP_LANES + lane] = channel < d->channels
                ? (int32_t)((uint32_t)bias[channel] - (uint32_t)(d->input_zero_point + input_offset) * sum)
                : 0;
        }
        for (int32_t plane = 0; plane < planes[block]; plane++) {
            int8_t *unit = to + ((size_t)plane * s->blocks + block) * block_bytes;
            for (size_t u = 0; u < d->taps_y; u++) {
                for (size_t k = 0; k < s->segments * s->phases; k++, unit += MW_STRIP_UNIT_BYTES) {
                    for (size_t i = 0; i < MW_STRIP_UNIT_BYTES; i++) {
                        const size_t lane = i / 4;
                        const size_t channel = block * MW_STRIP_LANES + (is_half ? lane % 8 : lane);
                        const size_t tap = mw_strips_tap(s, d, k / s->phases, i % 4, k % s->phases);
                        unit[i] = channel < d->channels && tap < d->taps_x
                            ? mw_plane_of(
                                mw_packed_weight(d, weights, zero_points, u * d->taps_x + tap, channel), plane)
                            : 0;
                    }
                }
            }
        }
    }
}

#endif
