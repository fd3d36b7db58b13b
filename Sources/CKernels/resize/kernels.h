#ifndef MW_RESIZE_KERNELS_H
#define MW_RESIZE_KERNELS_H

#include "../include/resize.h"

#define KERNEL(isa, supported) mw_s8_resize_run mw_s8_resize_bilinear__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
