#define _DEFAULT_SOURCE

#include "harness.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

size_t passed, failed;
bool is_scalar_alone;

static uint64_t state = 20261123;

// SplitMix64.
uint64_t next_random(void) {
    uint64_t mixed = state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

int64_t random_between(int64_t least, int64_t most) {
    return least + (int64_t)(next_random() % (uint64_t)(most - least + 1));
}

// Regions are kept and handed out again, or thousands of cases would spend their time mapping pages.
enum { REGIONS = 32, REGION_BYTES = 1 << 18 };

static int8_t *regions[REGIONS];
static size_t regions_used;

void *guarded(size_t bytes, bool at_end) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (regions_used == REGIONS || bytes > REGION_BYTES) {
        printf("no guarded memory left for %zu bytes\n", bytes);
        exit(2);
    }
    int8_t **const region = &regions[regions_used++];
    if (*region == NULL) {
        int8_t *const made =
            mmap(NULL, REGION_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made == MAP_FAILED || mprotect(made + page, REGION_BYTES, PROT_READ | PROT_WRITE) != 0) {
            perror("mmap");
            exit(2);
        }
        *region = made + page;
    }
    int8_t *const memory = *region + (at_end ? REGION_BYTES - bytes : 0);
    memset(memory, 0x5A, bytes);
    return memory;
}

void release(void) { regions_used = 0; }

void fill(int8_t *bytes, size_t count, int kind) {
    static const int8_t extremes[4] = {-128, 127, 0, -1};
    for (size_t i = 0; i < count; i++) {
        switch (kind) {
        case 0: bytes[i] = (int8_t)next_random(); break;
        case 1: bytes[i] = -128; break;
        case 2: bytes[i] = 127; break;
        case 3: bytes[i] = extremes[next_random() >> 62]; break;
        default: bytes[i] = (int8_t)random_between(-127, 127);
        }
    }
}

static int32_t bits_of(size_t number) {
    int32_t bits = 0;
    for (; number > 0; number >>= 1) bits++;
    return bits;
}

void random_requantization(mw_requantization *how, mw_requantize_kind kind, size_t channels, size_t window, bool at_end) {
    float *const scales = guarded(channels * sizeof(float), at_end);
    int32_t *const multipliers = guarded(channels * sizeof(int32_t), at_end);
    int32_t *const shifts = guarded(channels * sizeof(int32_t), at_end);
    const int64_t ordinary = 6 + bits_of(window) / 2, style = random_between(0, 3);
    for (size_t c = 0; c < channels; c++) {
        const bool is_any = style == 3 || one_in(40);
        const int64_t shift = is_any ? random_between(-31, 30) : random_between(-ordinary - 4, -ordinary + 2);
        shifts[c] = (int32_t)shift;
        multipliers[c] = style == 1 ? 1 << 30 : one_in(50) ? 0 : (int32_t)random_between(1 << 30, INT32_MAX);
        if (one_in(50)) multipliers[c] = INT32_MAX;
        // multiplier * 2^(shift - 31), and sometimes what leaves int32 by far.
        float scale = (float)multipliers[c] / 2147483648.0f;
        for (int64_t s = 0; s < (shift < 0 ? -shift : shift); s++) scale *= shift < 0 ? 0.5f : 2.0f;
        scales[c] = is_any && one_in(4) ? 3e38f : scale;
    }
    int32_t low = -128, high = 127;
    if (one_in(3)) {
        low = (int32_t)random_between(-128, 127);
        high = (int32_t)random_between(low, 127);
    }
    if (kind == MW_REQUANTIZE_INTEGER || kind == MW_REQUANTIZE_INTEGER_AWAY) {
        for (size_t c = 0; c < channels; c++) {
            const bool is_any = style == 3 || one_in(40);
            shifts[c] = (int32_t)(is_any ? -random_between(0, 31) : -random_between(8, 31));
            // Powers of two meet ties.
            multipliers[c] = style == 1 || one_in(8) ? 1 << random_between(0, shifts[c] < -10 ? 30 : 19 - shifts[c])
                : is_any ? (int32_t)random_between(0, shifts[c] < -10 ? INT32_MAX : (1 << (20 - shifts[c])) - 1) : (int32_t)random_between(1, (int64_t)1 << (-shifts[c] - 4));
        }
    }
    *how = (mw_requantization){
        .kind = kind, .scales = scales, .multipliers = multipliers, .shifts = shifts, .zero_point = one_in(5) ? (one_in(2) ? -128 : 127) : (int32_t)random_between(-128, 127), .low = low,
        .high = high};
}

/// FNV-1a of all results that were expected.
static uint64_t digest = 0xCBF29CE484222325;

bool same(const char *kernel, const void *expected, const void *found, size_t bytes) {
    const int8_t *const wanted = expected, *const got = found;
    for (size_t i = 0; i < bytes; i++) digest = (digest ^ (uint8_t)wanted[i]) * 0x100000001B3;
    for (size_t i = 0; i < bytes; i++) {
        if (wanted[i] == got[i]) continue;
        printf("%s: byte %zu of %zu: expected %d, found %d\n", kernel, i, bytes, wanted[i], got[i]);
        failed++;
        return false;
    }
    passed++;
    return true;
}

static int arguments_left;
static char **arguments;

void check_best(const char *operator_name, const char *isa) {
    const size_t length = strlen(operator_name);
    for (int i = 0; i < arguments_left; i++) {
        if (strncmp(arguments[i], operator_name, length) != 0 || arguments[i][length] != '=') continue;
        if (strcmp(arguments[i] + length + 1, isa) == 0) {
            passed++;
        } else {
            printf("%s: %s would be chosen, not %s\n", operator_name, isa, arguments[i] + length + 1);
            failed++;
        }
        return;
    }
    printf("%s: which kernel is to be chosen was not said\n", operator_name);
    failed++;
}

int main(int count, char **values) {
    arguments_left = count - 1;
    arguments = values + 1;
    is_scalar_alone = count == 2 && strcmp(values[1], "scalar") == 0;
    check_convolution();
    check_depthwise();
    check_distance();
    check_lookup();
    check_elementwise();
    check_pooling();
    check_quantize();
    check_resize();
    if (is_scalar_alone) printf("digest %zu\n", (size_t)digest);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
