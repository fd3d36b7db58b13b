#include "../cpu/cpu.h"
#include "kernels.h"

#define KERNEL(isa, offset, supported) \
    static bool isa##_is_supported(void) { return supported; }
#include "kernels.inc"
#undef KERNEL

static const mw_s8_distance_kernel kernels[] = {
#define KERNEL(isa, offset, supported) {#isa, offset, mw_s8_distance__##isa, isa##_is_supported},
#include "kernels.inc"
#undef KERNEL
};

const mw_s8_distance_kernel *mw_s8_distance_kernels(size_t *count) {
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

void mw_s8_distance_fold(
    size_t rows, size_t channels, const int8_t *restrict memory, int32_t input_offset, int32_t *restrict norms) {
    for (size_t m = 0; m < (rows + 15) / 16 * 16; m++) {
        int32_t square = 0, sum = 0;
        for (size_t c = 0; m < rows && c < channels; c++) {
            square += memory[m * channels + c] * memory[m * channels + c];
            sum += memory[m * channels + c];
        }
        norms[m] = m < rows ? square + 2 * input_offset * sum : INT32_MAX;
    }
}
