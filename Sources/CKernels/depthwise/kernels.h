#ifndef MW_DEPTHWISE_KERNELS_H
#define MW_DEPTHWISE_KERNELS_H

#include "../include/depthwise.h"

#define KERNEL(isa, supported)                                      \
    mw_s8_depthwise_bytes mw_s8_depthwise_packed_bytes__##isa;      \
    mw_s8_depthwise_bytes mw_s8_depthwise_scratch_bytes__##isa;     \
    mw_s8_depthwise_pack mw_s8_depthwise_pack__##isa;               \
    mw_s8_depthwise_run mw_s8_depthwise_run__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
