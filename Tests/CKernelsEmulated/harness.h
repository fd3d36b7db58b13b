#ifndef MW_HARNESS_H
#define MW_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../Sources/CKernels/include/CKernels.h"

// No test framework, so that it links for any architecture. Every random number follows from one seed.

uint64_t next_random(void);

/// least...most.
int64_t random_between(int64_t least, int64_t most);

static inline size_t random_size(size_t least, size_t most) { return (size_t)random_between((int64_t)least, (int64_t)most); }
static inline bool one_in(int64_t n) { return random_between(1, n) == 1; }

/// `bytes` of memory whose last byte precedes a page that may not be touched, or whose first byte follows one; filled
/// with a pattern. All that has been handed out is taken back by release().
void *guarded(size_t bytes, bool at_end);
void release(void);

/// Bytes of one of several kinds: any, all the lowest, all the highest, extremes alone, none the lowest.
enum { FILLS = 5 };
void fill(int8_t *bytes, size_t count, int kind);

/// Requantization constants of `channels`, in memory of exactly that size: ordinary ones for sums of `window` products,
/// ones where ties are frequent, and any.
void random_requantization(mw_requantization *how, mw_requantize_kind kind, size_t channels, size_t window, bool at_end);

/// Counts, and says which kernel, if the first `bytes` differ; takes what was expected into the digest.
bool same(const char *kernel, const void *expected, const void *found, size_t bytes);

/// Fails unless "operator_name=isa" is among the program's arguments: the kernel that would be chosen is the one meant.
void check_best(const char *operator_name, const char *isa);

/// One check an operator: every kernel of its table that this CPU has against the first one, scalar.
void check_convolution(void);
void check_depthwise(void);
void check_distance(void);
void check_lookup(void);
void check_elementwise(void);
void check_pooling(void);
void check_quantize(void);
void check_resize(void);

extern size_t passed, failed;

/// Only scalar, compared with itself: what counts then is the digest of its results, which is the same on every machine.
extern bool is_scalar_alone;

/// The loop all checks have: each kernel of `table` from `first` on, with the count of what passed.
#define EACH_KERNEL(name, kernel_type, table, first, count, kernel, ...)                    \
    do {                                                                                    \
        const char *best = "none";                                                          \
        for (size_t index = 0; index < (count); index++) {                                  \
            const kernel_type *const kernel = &(table)[index];                              \
            if (is_scalar_alone && index > 0) break;                                                 \
            if (!kernel->is_supported()) {                                                  \
                printf("%s %s: not on this CPU\n", name, kernel->isa);                      \
                continue;                                                                   \
            }                                                                               \
            best = kernel->isa;                                                             \
            if (index + 1 <= (first) && !is_scalar_alone) continue;                          \
            const size_t before = passed;                                                   \
            __VA_ARGS__;                                                                    \
            printf("%s %s: %zu passed\n", name, kernel->isa, passed - before);              \
        }                                                                                   \
        if (!is_scalar_alone) check_best(name, best);                                                             \
    } while (0)

#endif
