#ifndef MW_LIMIT_LOOP_H
#define MW_LIMIT_LOOP_H

#include "kernels.h"

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

// More sums that do not wait for each other than any core has multipliers times cycles that one takes.
enum { SUMS = 12 };

/// The body of a limit: `add(sum)` is one instruction on operands in registers, of `products` multiply-adds. The sums are
/// hidden from the compiler after each round, so that it keeps every instruction.
#define LIMIT(type, constraint, zero, products, add)                                          \
    type sums[SUMS];                                                                          \
    UNROLL for (int i = 0; i < SUMS; i++) sums[i] = zero;                                     \
    for (size_t round = 0; round < rounds; round++) {                                         \
        UNROLL for (int i = 0; i < SUMS; i++) sums[i] = add(sums[i]);                         \
        UNROLL for (int i = 0; i < SUMS; i++) __asm__ volatile("" : "+" constraint(sums[i])); \
    }                                                                                         \
    return rounds * SUMS * (products)

#endif
