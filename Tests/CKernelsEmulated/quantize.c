#include <math.h>

#include "harness.h"

static float random_float(void) {
    switch (random_between(0, 11)) {
    case 0: return NAN;
    case 1: return INFINITY;
    case 2: return -INFINITY;
    case 3: return one_in(2) ? 3e38f : -1e-40f;
    // Ties.
    case 4:
    case 5: return (float)random_between(-300, 300) + 0.5f;
    default: return (float)random_between(-400000, 400000) / 1024.0f;
    }
}

void check_quantize(void) {
    size_t count = 0;
    const mw_s8_quantize_kernel *const table = mw_s8_quantize_kernels(&count);
    EACH_KERNEL("quantize", mw_s8_quantize_kernel, table, 1, count, kernel, {
        for (size_t length = 0; length < 600; length++) {
            const bool at_end = length % 2 == 0;
            const size_t floats = length % 100;
            float *const input = guarded(floats * sizeof(float), at_end);
            for (size_t i = 0; i < floats; i++) input[i] = random_float();
            mw_s8_quantize how = {(mw_quantize_kind)(length % 2), one_in(3) ? 1.0f : 0.37f, 0, -128, 127};
            how.zero_point = (int32_t)random_between(-128, 127);
            if (one_in(3)) how.low = how.zero_point;
            int8_t *const expected = guarded(floats, false);
            int8_t *const found = guarded(floats, at_end);
            table[0].quantize(&how, floats, input, expected);
            kernel->quantize(&how, floats, input, found);
            same(kernel->isa, expected, found, floats);
            float *const wanted = guarded(floats * sizeof(float), false);
            float *const got = guarded(floats * sizeof(float), at_end);
            const float offset = one_in(2) ? 0.0f : -11.3f;
            table[0].dequantize(floats, expected, how.zero_point, 0.37f, offset, wanted);
            kernel->dequantize(floats, expected, how.zero_point, 0.37f, offset, got);
            same(kernel->isa, wanted, got, floats * sizeof(float));
            release();
        }
    });
}
