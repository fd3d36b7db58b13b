#ifndef MW_QUANTIZE_KERNELS_H
#define MW_QUANTIZE_KERNELS_H

#include "../include/quantize.h"

#define KERNEL(isa, supported) mw_s8_quantize_run mw_s8_quantize__##isa; mw_s8_dequantize_run mw_s8_dequantize__##isa;
#include "kernels.inc"
#undef KERNEL

#endif
