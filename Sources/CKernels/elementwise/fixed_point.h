#ifndef MW_FIXED_POINT_H
#define MW_FIXED_POINT_H

#include "../cpu/target.h"
#include "../include/elementwise.h"

BODY int32_t scaled(int32_t value, int32_t left, int32_t multiplier, int32_t right, mw_rounding rounding) {
    const int32_t limit = value < 0 ? INT32_MIN : INT32_MAX, moved = (int32_t)((uint32_t)value << left);
    const int32_t shifted = moved >> left == value ? moved : limit;
    // At most 2^62; no multiplier is negative, so the one product that would saturate does not occur.
    const int32_t high = (int32_t)(((int64_t)shifted * multiplier + ((int64_t)1 << 30)) >> 31);
    if (rounding == MW_FLOOR) return high >> right;
    const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1);
    const int32_t threshold = (mask >> 1) + (rounding == MW_TIES_AWAY && high < 0);
    return (high >> right) + ((high & mask) > threshold);
}

#endif
