#include "CVendorRuntimes.h"
#include "conforming.h"

#include <stdio.h>
#include <string.h>

int rknn_init(mw_rknn_context *context, void *model, uint32_t size, uint32_t flags, void *extend) {
    (void)flags, (void)extend;
    model_t *made = model_open(model, size, true, false);
    *context = (mw_rknn_context)(uintptr_t)made;
    return made ? 0 : -6;
}

static model_t *of(mw_rknn_context context) { return (model_t *)(uintptr_t)context; }

int rknn_destroy(mw_rknn_context context) {
    model_close(of(context));
    return 0;
}

static int attribute(model_t *model, bool is_input, mw_rknn_attribute *to) {
    static const uint32_t types[] = {MW_RKNN_INT8, MW_RKNN_UINT8, MW_RKNN_INT32, MW_RKNN_FLOAT32};
    uint32_t index = to->index;
    if (index >= (uint32_t)(is_input ? model->input_count : model->output_count))
        return -5;
    const conforming_tensor_t *from = is_input ? &model->inputs[index] : &model->outputs[index];
    memset(to, 0, sizeof *to);
    to->index = index;
    to->dimension_count = (uint32_t)from->rank;
    to->element_count = 1;
    for (int i = 0; i < from->rank; i++) {
        to->dimensions[i] = (uint32_t)from->sizes[i];
        to->element_count *= to->dimensions[i];
    }
    snprintf(to->name, sizeof to->name, "%s%u", is_input ? "in" : "out", index);
    to->size = (uint32_t)from->bytes;
    to->format = from->rank != 4 ? MW_RKNN_UNDEFINED : from->channels_first ? MW_RKNN_NCHW : MW_RKNN_NHWC;
    to->type = types[from->kind];
    to->quantization = from->kind < 2 ? MW_RKNN_QUANTIZED_AFFINE : MW_RKNN_QUANTIZED_NONE;
    to->scale = from->scale;
    to->zero_point = from->zero_point;
    return 0;
}

int rknn_query(mw_rknn_context context, uint32_t command, void *information, uint32_t size) {
    model_t *model = of(context);
    switch (command) {
    case MW_RKNN_QUERY_IN_OUT_NUM:
        if (size != sizeof(mw_rknn_counts))
            return -5;
        ((mw_rknn_counts *)information)->inputs = (uint32_t)model->input_count;
        ((mw_rknn_counts *)information)->outputs = (uint32_t)model->output_count;
        return 0;
    case MW_RKNN_QUERY_INPUT_ATTR:
    case MW_RKNN_QUERY_OUTPUT_ATTR:
        return size == sizeof(mw_rknn_attribute) ? attribute(model, command == MW_RKNN_QUERY_INPUT_ATTR, information) : -5;
    case MW_RKNN_QUERY_PERF_RUN:
        ((mw_rknn_run_time *)information)->microseconds = 17;
        return 0;
    case MW_RKNN_QUERY_SDK_VERSION: {
        mw_rknn_versions *versions = information;
        strcpy(versions->interface, fault("version", NULL) ? "9.0.0 (conforming)" : "2.3.2 (conforming)");
        strcpy(versions->driver, "0.9.8");
        return 0;
    }
    default:
        return -5;
    }
}

int rknn_inputs_set(mw_rknn_context context, uint32_t count, mw_rknn_input *inputs) {
    model_t *model = of(context);
    if (count != (uint32_t)model->input_count)
        return -8;
    for (uint32_t i = 0; i < count; i++) {
        if (inputs[i].size != model->inputs[inputs[i].index].bytes)
            return -8;
        memcpy(model_input(model, (int)inputs[i].index), inputs[i].buffer, inputs[i].size);
    }
    return 0;
}

int rknn_run(mw_rknn_context context, void *extend) {
    (void)extend;
    int code;
    if (fault("code", &code))
        return code;
    return model_run(of(context)) ? -1 : 0;
}

int rknn_outputs_get(mw_rknn_context context, uint32_t count, mw_rknn_output *outputs, void *extend) {
    (void)extend;
    model_t *model = of(context);
    if (count != (uint32_t)model->output_count)
        return -9;
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = model->outputs[outputs[i].index].bytes;
        if (!outputs[i].is_preallocated || outputs[i].want_float || outputs[i].size < bytes)
            return -9;
        memcpy(outputs[i].buffer, model_output(model, (int)outputs[i].index), bytes);
        outputs[i].size = (uint32_t)(bytes - (fault("size", NULL) ? 1 : 0));
    }
    return 0;
}

int rknn_outputs_release(mw_rknn_context context, uint32_t count, mw_rknn_output *outputs) {
    (void)context, (void)count, (void)outputs;
    return 0;
}

int rknn_set_core_mask(mw_rknn_context context, uint32_t mask) {
    (void)context;
    // The masks that are published.
    return mask <= 4 || mask == 7 ? 0 : -5;
}
