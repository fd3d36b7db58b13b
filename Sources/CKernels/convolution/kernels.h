#ifndef MW_CONVOLUTION_KERNELS_H
#define MW_CONVOLUTION_KERNELS_H

#include "../include/CKernels.h"

#define KERNEL(name, isa, offset, supported) mw_s8_convolve name##__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
