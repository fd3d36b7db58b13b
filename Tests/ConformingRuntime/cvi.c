#include "CVendorRuntimes.h"
#include "conforming.h"

#include <stdarg.h>
#include <stdlib.h>

typedef struct {
    model_t *model;
    mw_cvi_tensor inputs[MOST_TENSORS], outputs[MOST_TENSORS];
} cvi_model;

static void describe(const conforming_tensor_t *from, mw_cvi_tensor *to, uint8_t *memory, char *name) {
    static const uint32_t formats[] = {MW_CVI_INT8, MW_CVI_UINT8, MW_CVI_INT32, MW_CVI_FLOAT32};
    to->name = name;
    to->shape.count = (size_t)from->rank;
    to->element_count = 1;
    for (int i = 0; i < from->rank; i++) {
        to->shape.sizes[i] = (int32_t)from->sizes[i];
        to->element_count *= (size_t)from->sizes[i];
    }
    to->format = formats[from->kind];
    to->size = from->bytes;
    to->memory = memory;
    to->scale = from->kind < 2 ? 1 / from->scale : 0;
    to->zero_point = from->zero_point;
}

int CVI_NN_RegisterModelFromBuffer(const int8_t *bytes, uint32_t size, void **handle) {
    *handle = NULL;
    model_t *model = model_open(bytes, size, true, true);
    if (!model)
        return 7;
    cvi_model *made = calloc(1, sizeof *made);
    made->model = model;
    for (int i = 0; i < model->input_count; i++)
        describe(&model->inputs[i], &made->inputs[i], model_input(model, i), "in");
    for (int i = 0; i < model->output_count; i++)
        describe(&model->outputs[i], &made->outputs[i], model_output(model, i), "out");
    *handle = made;
    return 0;
}

int CVI_NN_GetModelVersion(void *model, int32_t *major, int32_t *minor) {
    (void)model;
    *major = fault("version", NULL) ? 9 : 1;
    *minor = 4;
    return 0;
}

const char *CVI_NN_GetModelTarget(void *model) {
    (void)model;
    return "cv181x";
}

int CVI_NN_SetConfig(void *model, uint32_t option, ...) {
    (void)model;
    va_list rest;
    va_start(rest, option);
    uint32_t value = va_arg(rest, uint32_t);
    va_end(rest);
    return option == MW_CVI_OPTION_PROGRAM_INDEX && value == 0 ? 0 : 5;
}

int CVI_NN_GetInputOutputTensors(
    void *handle, mw_cvi_tensor **inputs, int32_t *input_count, mw_cvi_tensor **outputs, int32_t *output_count) {
    cvi_model *model = handle;
    *inputs = model->inputs;
    *outputs = model->outputs;
    *input_count = model->model->input_count;
    *output_count = model->model->output_count;
    return 0;
}

void *CVI_NN_TensorPtr(mw_cvi_tensor *tensor) { return tensor->memory; }

int CVI_NN_Forward(void *handle, mw_cvi_tensor *inputs, int32_t in, mw_cvi_tensor *outputs, int32_t out) {
    (void)inputs, (void)in, (void)out;
    int code;
    if (fault("code", &code))
        return code;
    if (fault("size", NULL))
        outputs[0].size -= 1;
    return model_run(((cvi_model *)handle)->model) ? 2 : 0;
}

int CVI_NN_CleanupModel(void *handle) {
    model_close(((cvi_model *)handle)->model);
    free(handle);
    return 0;
}
