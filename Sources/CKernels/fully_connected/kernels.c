#include <assert.h>

#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(name, isa, offset, supported) \
    static bool name##__##isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_fully_connected_kernel kernels[] = {
#define KERNEL(name, isa, offset, supported) {#isa, offset, name##__##isa, name##__##isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_fully_connected_kernel *mw_s8_fully_connected_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

void mw_s8_fully_connected_fold(
    size_t rows, size_t columns, const int8_t *restrict weights, int32_t input_zero_point, int32_t input_offset,
    const int32_t *restrict bias, int32_t *restrict folded) {
    assert(columns <= 65536);
    for (size_t row = 0; row < rows; row++) {
        // At most 2^7 * 2^16 in magnitude.
        int32_t sum = 0;
        for (size_t column = 0; column < columns; column++) sum += weights[row * columns + column];
        // Unsigned, because it may wrap where the offset is 128; the kernel's sum wraps back.
        folded[row] = (int32_t)((uint32_t)bias[row] - (uint32_t)(input_zero_point + input_offset) * (uint32_t)sum);
    }
}
