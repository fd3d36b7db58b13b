#include "../cpu/cpu.h"
#include "../requantize/requantize.h"
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

void mw_s8_scale_sums(
    const mw_s8_scale *restrict scale, size_t count, const int32_t *restrict sums, int8_t *restrict output) {
    for (size_t i = 0; i < count; i++) {
        const int32_t sum = (int32_t)((uint32_t)sums[i] + (uint32_t)scale->offset);
        const int64_t scaled = scale->kind == MW_REQUANTIZE_FLOAT
            ? mw_scale_float(sum, scale->scale)
            : mw_scale_two_step(sum, scale->multiplier, scale->shift, scale->kind == MW_REQUANTIZE_TWO_STEP);
        const int64_t value = scaled + scale->zero_point;
        output[i] = (int8_t)(value < scale->low ? scale->low : value > scale->high ? scale->high : value);
    }
}
