#ifndef MW_NEAREST_H
#define MW_NEAREST_H

#include <stdint.h>
#include <string.h>

#include "../cpu/target.h"

// Numbers to integers by one addition: beside 1.5 * 2^23 a float has no digits behind the point, so that the sum is
// rounded as every sum is, to the nearest with ties to even, and the integer stands in its low bits. No instruction set
// lacks a vector of it.

// To the nearest, ties to even. What is far beyond int8 is cut off first, so that the sum keeps its exponent;
// not-a-number compares false and falls to the lower end.
BODY float cut(float value) {
    const float low = value > -32767.0f ? value : -32767.0f;
    return low < 32767.0f ? low : 32767.0f;
}

BODY int32_t nearest_of_cut(float value) {
    const float sum = value + 0x1.8p23f;
    int32_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits - 0x4b400000;
}

BODY int32_t nearest(float value) { return nearest_of_cut(cut(value)); }

// To the nearest, ties away from zero: what a tie to even left half a step inside is moved out. The rest is exact.
BODY int32_t nearest_away(float value) {
    const float kept = cut(value);
    const int32_t even = nearest_of_cut(kept);
    const float rest = kept - (float)even;
    return even + (rest == 0.5f && kept > 0) - (rest == -0.5f && kept < 0);
}

#endif
