#ifndef MW_LIMIT_H
#define MW_LIMIT_H

#include "CKernels.h"

/// Does nothing but int8 multiply-adds, as many at a time as the CPU takes, in registers alone: what no convolution on this
/// instruction set can pass.
///
/// Returns how many multiply-adds `rounds` rounds were.
typedef size_t mw_multiply_add_limit(size_t rounds);

typedef struct {
    const char *isa;
    mw_multiply_add_limit *run;
    bool (*is_supported)(void);
} mw_multiply_add_limit_kernel;

/// One for each instruction set that has an instruction for it, best last; `*count` may be 0.
const mw_multiply_add_limit_kernel *mw_multiply_add_limit_kernels(size_t *count);

#endif
