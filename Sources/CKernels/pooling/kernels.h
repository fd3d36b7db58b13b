#ifndef MW_POOLING_KERNELS_H
#define MW_POOLING_KERNELS_H

#include "../include/pooling.h"

#define KERNEL(isa, supported)                      \
    mw_s8_pool_run mw_s8_max_pool__##isa;           \
    mw_s8_pool_run mw_s8_average_pool__##isa;       \
    mw_s8_sum_positions mw_s8_sum_positions__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
