#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(isa, supported) \
    static bool isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

// The last row ends a table that would otherwise be empty on an architecture without any.
static const mw_multiply_add_limit_kernel kernels[] = {
#define KERNEL(isa, supported) {#isa, mw_multiply_add_limit__##isa, isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
    {NULL, NULL, NULL},
};

const mw_multiply_add_limit_kernel *mw_multiply_add_limit_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0] - 1;
    return kernels;
}
