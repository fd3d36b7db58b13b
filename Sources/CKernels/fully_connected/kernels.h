#ifndef MW_FULLY_CONNECTED_KERNELS_H
#define MW_FULLY_CONNECTED_KERNELS_H

#include "../include/CKernels.h"

#define KERNEL(name, isa, offset, supported) mw_s8_fully_connected name##__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
