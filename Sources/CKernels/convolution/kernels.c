#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(name, isa, offset, supported) \
    static bool name##__##isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_convolution_kernel kernels[] = {
#define KERNEL(name, isa, offset, supported) {#isa, offset, name##__##isa, name##__##isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_convolution_kernel *mw_s8_convolution_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}
