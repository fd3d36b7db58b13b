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

/// One unit of `planes` planes: the numbers that the taps of kernel row `u` have in one segment for one phase, of `count`
/// channels from `first` on; in a half block once more behind them.
static inline void mw_pack_unit(
    const mw_strips *s, const mw_s8_depthwise *d, const int8_t *weights, const int8_t *zero_points, size_t first,
    size_t count, bool is_half, size_t u, size_t k, int32_t plane, int32_t planes, int8_t *unit) {
    uint8_t rows[4][MW_STRIP_LANES] = {{0}};
    for (size_t i = 0; i < 4; i++) {
        const size_t in_row = mw_strips_tap(s, d, k / s->phases, i, k % s->phases);
        if (in_row >= d->taps_x) continue;
        const size_t tap = u * d->taps_x + in_row;
        if (zero_points == NULL) {
            memcpy(rows[i], weights + tap * d->channels + first, count);
        } else {
            for (size_t lane = 0; lane < count; lane++) {
                const int32_t weight = mw_packed_weight(d, weights, zero_points, tap, first + lane);
                rows[i][lane] = (uint8_t)(planes == 1 ? weight : mw_plane_of(weight, plane));
            }
        }
        if (is_half) memcpy(rows[i] + 8, rows[i], 8);
    }
    // Four rows of lanes become lanes of four.
    for (size_t lane = 0; lane < MW_STRIP_LANES; lane++) {
        const uint32_t four = rows[0][lane] | (uint32_t)rows[1][lane] << 8 | (uint32_t)rows[2][lane] << 16
            | (uint32_t)rows[3][lane] << 24;
        memcpy(unit + lane * 4, &four, sizeof four);
    }
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
        const size_t first = block * MW_STRIP_LANES, count = mw_smaller(d->channels - first, MW_STRIP_LANES);
        uint32_t sums[MW_STRIP_LANES] = {0};
        int32_t least = 0, greatest = 0;
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t lane = 0; lane < count; lane++) {
                const int32_t weight = mw_packed_weight(d, weights, zero_points, tap, first + lane);
                sums[lane] += (uint32_t)weight;
                least = weight < least ? weight : least;
                greatest = weight > greatest ? weight : greatest;
            }
        }
        const int32_t most = mw_planes_of(least) > mw_planes_of(greatest) ? mw_planes_of(least) : mw_planes_of(greatest);
        planes[block] = most;
        for (size_t lane = 0; lane < MW_STRIP_LANES; lane++) {
            const size_t from = is_half ? lane % 8 : lane;
            folded[first + lane] = from < count
                ? (int32_t)((uint32_t)bias[first + from] - (uint32_t)(d->input_zero_point + input_offset) * sums[from])
                : 0;
        }
        for (int32_t plane = 0; plane < most; plane++) {
            int8_t *unit = to + ((size_t)plane * s->blocks + block) * block_bytes;
            for (size_t u = 0; u < d->taps_y; u++) {
                for (size_t k = 0; k < s->segments * s->phases; k++, unit += MW_STRIP_UNIT_BYTES) {
                    mw_pack_unit(s, d, weights, zero_points, first, count, is_half, u, k, plane, most, unit);
                }
            }
        }
    }
}

#endif
