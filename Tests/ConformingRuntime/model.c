#include "conforming.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fault(const char *name, int *value) {
    const char *wanted = getenv("MILLWRIGHT_CONFORMING_FAULT");
    size_t length = strlen(name);
    if (!wanted || strncmp(wanted, name, length) || (wanted[length] && wanted[length] != '='))
        return false;
    if (value)
        *value = wanted[length] ? atoi(wanted + length + 1) : 0;
    return true;
}

static size_t describe(void *engine, bool is_input, int count, conforming_tensor_t *tensors, bool channels_first) {
    static const size_t element_bytes[] = {1, 1, 4, 4};
    size_t total = 0;
    for (int index = 0; index < count; index++) {
        conforming_tensor_t *t = &tensors[index];
        t->rank = conforming_tensor(engine, is_input, index, t->sizes, &t->kind, &t->scale, &t->zero_point);
        t->bytes = element_bytes[t->kind];
        for (int dimension = 0; dimension < t->rank; dimension++)
            t->bytes *= (size_t)t->sizes[dimension];
        t->channels_first = channels_first && t->rank == 4;
        if (t->channels_first) {
            ptrdiff_t channels = t->sizes[3];
            t->sizes[3] = t->sizes[2], t->sizes[2] = t->sizes[1], t->sizes[1] = channels;
        }
        total += t->bytes;
    }
    return total;
}

model_t *model_open(const void *bytes, size_t size, bool channels_first, bool both) {
    if (fault("load", NULL))
        return NULL;
    if (fault("hang_load", NULL))
        for (;;)
            pause();
    void *engine = conforming_open(bytes, (ptrdiff_t)size);
    if (!engine)
        return NULL;
    model_t *model = calloc(1, sizeof *model);
    model->engine = engine;
    model->input_count = (int)conforming_count(engine, true);
    model->output_count = (int)conforming_count(engine, false);
    if (model->input_count > MOST_TENSORS || model->output_count > MOST_TENSORS)
        abort();
    size_t in = describe(engine, true, model->input_count, model->inputs, channels_first && both);
    size_t out = describe(engine, false, model->output_count, model->outputs, channels_first);
    model->input = calloc(1, in + out + 64);
    model->output = calloc(1, out + 64);
    model->staging = calloc(1, in + out + 64);
    return model;
}

void model_close(model_t *model) {
    if (fault("hang_unload", NULL))
        for (;;)
            pause();
    conforming_close(model->engine);
    free(model->input);
    free(model->output);
    free(model->staging);
    free(model);
}

static void turn(const conforming_tensor_t *t, const uint8_t *from, uint8_t *to, bool to_channels_first) {
    if (!t->channels_first) {
        memcpy(to, from, t->bytes);
        return;
    }
    size_t channels = (size_t)t->sizes[1], positions = (size_t)(t->sizes[2] * t->sizes[3]);
    size_t images = (size_t)t->sizes[0], size = t->bytes / (images * channels * positions);
    for (size_t image = 0; image < images; image++)
        for (size_t position = 0; position < positions; position++)
            for (size_t channel = 0; channel < channels; channel++) {
                size_t base = image * channels * positions;
                size_t last = (base + position * channels + channel) * size;
                size_t first = (base + channel * positions + position) * size;
                memcpy(to + (to_channels_first ? first : last), from + (to_channels_first ? last : first), size);
            }
}

int model_run(model_t *model) {
    int at = 0;
    model->runs++;
    if (fault("crash", &at) && model->runs > at)
        // A true fault: a handler that returns from raise() would let the library go on.
        *(volatile int *)16 = 1;
    if (fault("hang", &at) && model->runs > at)
        for (;;)
            pause();
    size_t offset = 0;
    for (int i = 0; i < model->input_count; i++) {
        turn(&model->inputs[i], model->input + offset, model->staging + offset, false);
        offset += model->inputs[i].bytes;
    }
    uint8_t *result = model->staging + offset;
    int code = conforming_run(model->engine, model->staging, result);
    if (fault("wrong", &at) && model->runs > at)
        result[0] ^= 1;
    offset = 0;
    for (int i = 0; i < model->output_count; i++) {
        turn(&model->outputs[i], result + offset, model->output + offset, true);
        offset += model->outputs[i].bytes;
    }
    return code;
}

uint8_t *model_input(model_t *model, int index) {
    uint8_t *result = model->input;
    for (int i = 0; i < index; i++)
        result += model->inputs[i].bytes;
    return result;
}

uint8_t *model_output(model_t *model, int index) {
    uint8_t *result = model->output;
    for (int i = 0; i < index; i++)
        result += model->outputs[i].bytes;
    return result;
}
