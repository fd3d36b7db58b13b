#include "harness.h"

enum { CASES = 400 };

void check_distance(void) {
    size_t count = 0;
    const mw_s8_distance_kernel *const table = mw_s8_distance_kernels(&count);
    EACH_KERNEL("distance", mw_s8_distance_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES; index++) {
            const bool at_end = index % 2 == 0;
            const size_t positions = random_size(1, 30), rows = random_size(1, 60);
            const size_t channels = 4 * random_size(1, 40), padded = (rows + 15) / 16 * 16;
            int8_t *const features = guarded(positions * channels, at_end);
            fill(features, positions * channels, (int)random_between(0, FILLS - 1));
            int8_t *const memory = guarded(rows * channels, at_end);
            fill(memory, rows * channels, (int)random_between(0, FILLS - 1));
            int8_t *const packed = guarded(mw_s8_convolution_packed_bytes(rows, 1, channels), true);
            mw_s8_convolution_pack(rows, 1, channels, memory, packed);
            int32_t *const norms = guarded(padded * sizeof(int32_t), at_end);
            const mw_s8_memory known = {channels, rows, packed, norms};
            int32_t *const expected = guarded(positions * sizeof(int32_t), false);
            mw_s8_distance_fold(rows, channels, memory, table[0].input_offset, norms);
            table[0].run(&known, positions, features, expected);
            int32_t *const found = guarded(positions * sizeof(int32_t), at_end);
            mw_s8_distance_fold(rows, channels, memory, kernel->input_offset, norms);
            kernel->run(&known, positions, features, found);
            same(kernel->isa, expected, found, positions * sizeof(int32_t));
            release();
        }
    });
}
