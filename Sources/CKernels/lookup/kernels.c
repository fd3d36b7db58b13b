#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(isa, supported) \
    static bool isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_lookup_kernel kernels[] = {
#define KERNEL(isa, supported) {#isa, mw_s8_lookup__##isa, isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_lookup_kernel *mw_s8_lookup_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}
