#include "kernels.h"

void mw_s8_lookup__scalar(size_t count, const int8_t *restrict table, const int8_t *input, int8_t *output) {
    for (size_t i = 0; i < count; i++) output[i] = table[input[i] + 128];
}
