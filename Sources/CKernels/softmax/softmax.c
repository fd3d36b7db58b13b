#include "../include/softmax.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static int8_t probability(const mw_s8_softmax *s, float exponential, float sum, float factor) {
    float value;
    switch (s->kind) {
    // What is rounded lies between 0 and 1 / output_scale.
    case MW_SOFTMAX_ROUND: value = roundf(exponential * factor); break;
    case MW_SOFTMAX_ADD_HALF: value = truncf(exponential * factor + 0.5f); break;
    default: {
        const float scaled = exponential * s->output_scale;
        value = rintf(scaled / sum);
    }
    }
    const int32_t moved = (int32_t)fminf(value, 32767.0f) + s->zero_point;
    return (int8_t)(moved < s->low ? s->low : moved > s->high ? s->high : moved);
}

static int8_t largest_of(size_t count, const int8_t *input) {
    int8_t largest = -128;
    for (size_t i = 0; i < count; i++) largest = input[i] > largest ? input[i] : largest;
    return largest;
}

void mw_s8_softmax_run(const mw_s8_softmax *restrict s, const int8_t *input, int8_t *output) {
    assert(s->columns > 0);
    for (size_t row = 0; row < s->rows; row++) {
        const int8_t *const from = input + row * s->columns;
        int8_t *const to = output + row * s->columns;
        const int32_t largest = largest_of(s->columns, from);
        float sum = 0;
        for (size_t i = 0; i < s->columns; i++) sum += s->exponentials[largest - from[i]];
        const float product = sum * s->output_scale;
        const float factor = 1.0f / product;
        if (s->columns < 256) {
            for (size_t i = 0; i < s->columns; i++) {
                to[i] = probability(s, s->exponentials[largest - from[i]], sum, factor);
            }
        } else {
            // There are more elements than values.
            int8_t of[256];
            for (size_t d = 0; d < 256; d++) of[d] = probability(s, s->exponentials[d], sum, factor);
            for (size_t i = 0; i < s->columns; i++) to[i] = of[largest - from[i]];
        }
    }
}
