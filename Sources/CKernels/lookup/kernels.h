#ifndef MW_LOOKUP_KERNELS_H
#define MW_LOOKUP_KERNELS_H

#include "../include/lookup.h"

#define KERNEL(isa, supported) mw_s8_lookup_run mw_s8_lookup__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
