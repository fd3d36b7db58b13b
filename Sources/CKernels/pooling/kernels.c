#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(isa, supported) \
    static bool isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_pooling_kernel kernels[] = {
#define KERNEL(isa, supported) \
    {#isa, mw_s8_max_pool__##isa, mw_s8_average_pool__##isa, mw_s8_sum_positions__##isa, isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_pooling_kernel *mw_s8_pooling_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}
