#ifndef CONFORMING_H
#define CONFORMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The engine, in Swift.
void *conforming_open(const void *bytes, ptrdiff_t count);
void conforming_close(void *engine);
ptrdiff_t conforming_count(void *engine, bool is_input);
ptrdiff_t conforming_tensor(
    void *engine, bool is_input, ptrdiff_t index, ptrdiff_t *sizes, int32_t *kind, float *scale, int32_t *zero_point);
int32_t conforming_run(void *engine, const void *input, void *output);

enum { MOST_TENSORS = 8 };

typedef struct {
    ptrdiff_t rank, sizes[8];
    int32_t kind, zero_point;
    float scale;
    size_t bytes;
    bool channels_first;
} conforming_tensor_t;

/// A loaded model, with its tensors in the order of images that the interface prefers.
typedef struct {
    void *engine;
    int input_count, output_count;
    conforming_tensor_t inputs[MOST_TENSORS], outputs[MOST_TENSORS];
    uint8_t *input, *output, *staging;
    int runs;
} model_t;

/// channels_first: outputs of four dimensions are handed out with channels in front of rows; inputs too when both is set.
model_t *model_open(const void *bytes, size_t size, bool channels_first, bool both);
void model_close(model_t *model);
/// From model->input to model->output.
int model_run(model_t *model);
uint8_t *model_input(model_t *model, int index);
uint8_t *model_output(model_t *model, int index);

/// Whether MILLWRIGHT_CONFORMING_FAULT is this word, with or without "=number" behind; the number goes to value.
bool fault(const char *name, int *value);

#endif
