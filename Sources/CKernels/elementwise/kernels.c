#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(isa, supported) \
    static bool isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_elementwise_kernel kernels[] = {
#define KERNEL(isa, supported)                                                                              \
    {#isa, mw_s8_add__##isa, mw_s8_multiply__##isa, mw_s8_maximum__##isa, mw_s8_minimum__##isa,             \
     isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_elementwise_kernel *mw_s8_elementwise_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}
