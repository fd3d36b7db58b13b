#ifndef MW_LIMIT_KERNELS_H
#define MW_LIMIT_KERNELS_H

#include "../include/limit.h"

#define KERNEL(isa, supported) mw_multiply_add_limit mw_multiply_add_limit__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
