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

BODY int32_t nearest(float value) {
    const float sum = cut(value) + 0x1.8p23f;
    int32_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits - 0x4b400000;
}

#endif
