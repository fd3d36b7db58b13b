#include "harness.h"

void check_lookup(void) {
    size_t count = 0;
    const mw_s8_lookup_kernel *const table = mw_s8_lookup_kernels(&count);
    EACH_KERNEL("lookup", mw_s8_lookup_kernel, table, 1, count, kernel, {
        for (size_t bytes = 0; bytes < 300; bytes++) {
            const bool at_end = bytes % 2 == 0;
            int8_t *const of = guarded(256, !at_end);
            fill(of, 256, 0);
            int8_t *const input = guarded(bytes, at_end);
            fill(input, bytes, bytes % 5 == 0 ? 3 : 0);
            int8_t *const expected = guarded(bytes, false);
            table[0].run(bytes, of, input, expected);
            // Elsewhere, then where the input is.
            int8_t *const found = guarded(bytes, at_end);
            kernel->run(bytes, of, input, found);
            same(kernel->isa, expected, found, bytes);
            kernel->run(bytes, of, input, input);
            same(kernel->isa, expected, input, bytes);
            release();
        }
    });
}
