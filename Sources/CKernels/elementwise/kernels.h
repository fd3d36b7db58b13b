#ifndef MW_ELEMENTWISE_KERNELS_H
#define MW_ELEMENTWISE_KERNELS_H

#include "../include/elementwise.h"

#define KERNEL(isa, supported)                      \
    mw_s8_add_run mw_s8_add__##isa;                 \
    mw_s8_multiply_run mw_s8_multiply__##isa;       \
    mw_s8_choose_run mw_s8_maximum__##isa;          \
    mw_s8_choose_run mw_s8_minimum__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
