// Every kernel of the table that this CPU has against the formula: all lengths 0...300 with 1...9 rows, each way to
// fill, operands touching a page that is not there. No test framework, so that it links for any architecture.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../Sources/CKernels/include/CKernels.h"

enum { MOST_COLUMNS = 300, MOST_ROWS = 9, LONGEST = 65536, FILLS = 5 };

static uint64_t state = 20261123;

// SplitMix64.
static uint64_t next(void) {
    uint64_t mixed = state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

/// Memory whose first byte follows, and whose last byte precedes, a page that may not be touched.
typedef struct {
    int8_t *start;
    size_t bytes;
} guarded;

static guarded guard(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
    int8_t *made = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED || mprotect(made + page, inner, PROT_READ | PROT_WRITE) != 0) {
        perror("mmap");
        exit(2);
    }
    return (guarded){made + page, inner};
}

static void *place(guarded memory, size_t bytes, bool at_end) {
    return memory.start + (at_end ? memory.bytes - bytes : 0);
}

static int8_t value(int fill, bool is_weight) {
    static const int8_t extremes[4] = {-128, 127, 0, -1};
    switch (fill) {
        case 0: return (int8_t)next();
        case 1: return -128;
        case 2: return 127;
        case 3: return is_weight ? -128 : 127;
        default: return extremes[next() >> 62];
    }
}

static guarded weights_memory, input_memory, bias_memory, folded_memory, sums_memory;

static bool agrees(const mw_s8_fully_connected_kernel *kernel, size_t rows, size_t columns, int fill, bool at_end) {
    int8_t *const weights = place(weights_memory, rows * columns, at_end);
    int8_t *const input = place(input_memory, columns, at_end);
    int32_t *const bias = place(bias_memory, rows * 4, at_end);
    int32_t *const folded = place(folded_memory, rows * 4, at_end);
    int32_t *const sums = place(sums_memory, rows * 4, at_end);
    const int32_t zero_point = (int8_t)next();
    for (size_t i = 0; i < rows * columns; i++) weights[i] = value(fill, true);
    for (size_t i = 0; i < columns; i++) input[i] = value(fill, false);
    for (size_t i = 0; i < rows; i++) bias[i] = (int32_t)(next() >> 32) / 16;
    mw_s8_fully_connected_fold(rows, columns, weights, zero_point, kernel->input_offset, bias, folded);
    kernel->run(rows, columns, weights, input, folded, sums);
    for (size_t row = 0; row < rows; row++) {
        int64_t sum = bias[row];
        for (size_t i = 0; i < columns; i++) sum += (int64_t)weights[row * columns + i] * (input[i] - zero_point);
        if ((uint32_t)sum != (uint32_t)sums[row]) {
            printf(
                "%s: %zu x %zu, fill %d, %s, row %zu: expected %d, found %d\n", kernel->isa, rows, columns, fill,
                at_end ? "end" : "start", row, (int32_t)(uint32_t)sum, sums[row]);
            return false;
        }
    }
    return true;
}

/// Prints each kernel's name and count; with a name as argument, fails unless that is the one that would be chosen.
int main(int count, char **arguments) {
    weights_memory = guard(LONGEST);
    input_memory = guard(LONGEST);
    bias_memory = guard(MOST_ROWS * 4);
    folded_memory = guard(MOST_ROWS * 4);
    sums_memory = guard(MOST_ROWS * 4);

    size_t kernels = 0, passed = 0, failed = 0;
    const mw_s8_fully_connected_kernel *const table = mw_s8_fully_connected_kernels(&kernels);
    const char *best = "none";
    for (size_t k = 0; k < kernels; k++) {
        if (!table[k].is_supported()) {
            printf("%s: not on this CPU\n", table[k].isa);
            continue;
        }
        best = table[k].isa;
        size_t before = passed;
        for (size_t columns = 0; columns <= MOST_COLUMNS; columns++) {
            for (size_t rows = 1; rows <= MOST_ROWS; rows++) {
                for (int fill = 0; fill < FILLS; fill++) {
                    const bool at_end = (columns + rows + (size_t)fill) % 2 == 0;
                    *(agrees(&table[k], rows, columns, fill, at_end) ? &passed : &failed) += 1;
                }
            }
        }
        for (int fill = 0; fill < FILLS; fill++) {
            *(agrees(&table[k], 1, LONGEST, fill, true) ? &passed : &failed) += 1;
        }
        printf("%s: %zu passed\n", table[k].isa, passed - before);
    }
    printf("best: %s\n", best);
    if (count > 1) *(strcmp(best, arguments[1]) == 0 ? &passed : &failed) += 1;
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
