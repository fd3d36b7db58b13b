#include "CVendorRuntimes.h"
#include "conforming.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MODELS = 64 };

typedef struct {
    void *data;
    size_t size;
} buffer_t;

typedef struct {
    int count;
    buffer_t *buffers[MOST_TENSORS];
} set_t;

static model_t *models[MOST_MODELS];
static bool initialized;

int aclInit(const char *configuration) {
    (void)configuration;
    if (initialized)
        return MW_ACL_ALREADY_INITIALIZED;
    initialized = true;
    return 0;
}

int aclFinalize(void) {
    initialized = false;
    return 0;
}

int aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch) {
    *major = fault("version", NULL) ? 9 : 1;
    *minor = 14;
    *patch = 0;
    return 0;
}

int aclrtGetDeviceCount(uint32_t *count) {
    *count = 2;
    return 0;
}

int aclrtSetDevice(int32_t device) { return device < 2 ? 0 : 100000; }
int aclrtResetDevice(int32_t device) { return device < 2 ? 0 : 100000; }

int aclrtMalloc(void **memory, size_t size, int policy) {
    (void)policy;
    *memory = malloc(size);
    return *memory ? 0 : 207001;
}

int aclrtFree(void *memory) {
    free(memory);
    return 0;
}

int aclrtMemcpy(void *to, size_t room, const void *from, size_t count, int kind) {
    if (room < count || (kind != MW_ACL_HOST_TO_DEVICE && kind != MW_ACL_DEVICE_TO_HOST))
        return 100000;
    memcpy(to, from, count);
    return 0;
}

int aclmdlLoadFromMem(const void *bytes, size_t size, uint32_t *identifier) {
    for (uint32_t i = 0; i < MOST_MODELS; i++)
        if (!models[i]) {
            models[i] = model_open(bytes, size, true, true);
            *identifier = i;
            return models[i] ? 0 : 100013;
        }
    return 200000;
}

int aclmdlUnload(uint32_t identifier) {
    if (identifier >= MOST_MODELS || !models[identifier])
        return 100011;
    model_close(models[identifier]);
    models[identifier] = NULL;
    return 0;
}

void *aclmdlCreateDesc(void) { return calloc(1, sizeof(model_t *)); }

int aclmdlDestroyDesc(void *description) {
    free(description);
    return 0;
}

int aclmdlGetDesc(void *description, uint32_t identifier) {
    if (identifier >= MOST_MODELS || !models[identifier])
        return 100011;
    *(model_t **)description = models[identifier];
    return 0;
}

static const model_t *of(const void *description) { return *(model_t *const *)description; }

size_t aclmdlGetNumInputs(void *description) { return (size_t)of(description)->input_count; }
size_t aclmdlGetNumOutputs(void *description) { return (size_t)of(description)->output_count; }
size_t aclmdlGetInputSizeByIndex(void *description, size_t index) { return of(description)->inputs[index].bytes; }
size_t aclmdlGetOutputSizeByIndex(void *description, size_t index) {
    return of(description)->outputs[index].bytes - (fault("size", NULL) ? 1 : 0);
}

static int dimensions(const conforming_tensor_t *tensor, mw_acl_dimensions *to) {
    memset(to, 0, sizeof *to);
    to->count = (size_t)tensor->rank;
    for (int i = 0; i < tensor->rank; i++)
        to->sizes[i] = tensor->sizes[i];
    return 0;
}

int aclmdlGetInputDims(const void *description, size_t index, mw_acl_dimensions *to) {
    return dimensions(&of(description)->inputs[index], to);
}
int aclmdlGetOutputDims(const void *description, size_t index, mw_acl_dimensions *to) {
    return dimensions(&of(description)->outputs[index], to);
}
const char *aclmdlGetInputNameByIndex(const void *description, size_t index) {
    (void)description, (void)index;
    return "in";
}
const char *aclmdlGetOutputNameByIndex(const void *description, size_t index) {
    (void)description, (void)index;
    return "out";
}

static int type(const conforming_tensor_t *tensor) {
    static const int types[] = {MW_ACL_INT8, MW_ACL_UINT8, MW_ACL_INT32, MW_ACL_FLOAT};
    return types[tensor->kind];
}
int aclmdlGetInputDataType(const void *description, size_t index) { return type(&of(description)->inputs[index]); }
int aclmdlGetOutputDataType(const void *description, size_t index) { return type(&of(description)->outputs[index]); }

static int format(const conforming_tensor_t *tensor) { return tensor->channels_first ? MW_ACL_NCHW : MW_ACL_ND; }
int aclmdlGetInputFormat(const void *description, size_t index) { return format(&of(description)->inputs[index]); }
int aclmdlGetOutputFormat(const void *description, size_t index) { return format(&of(description)->outputs[index]); }

void *aclmdlCreateDataset(void) { return calloc(1, sizeof(set_t)); }

int aclmdlDestroyDataset(const void *set) {
    free((void *)set);
    return 0;
}

int aclmdlAddDatasetBuffer(void *set, void *buffer) {
    set_t *to = set;
    if (to->count == MOST_TENSORS)
        return 100000;
    to->buffers[to->count++] = buffer;
    return 0;
}

void *aclCreateDataBuffer(void *data, size_t size) {
    buffer_t *buffer = malloc(sizeof *buffer);
    *buffer = (buffer_t){data, size};
    return buffer;
}

int aclDestroyDataBuffer(const void *buffer) {
    free((void *)buffer);
    return 0;
}

int aclmdlExecute(uint32_t identifier, const void *inputs, void *outputs) {
    int code;
    if (fault("code", &code))
        return code;
    const set_t *in = inputs, *out = outputs;
    model_t *model = models[identifier];
    if (in->count != model->input_count)
        return 100017;
    for (int i = 0; i < in->count; i++)
        memcpy(model_input(model, i), in->buffers[i]->data, in->buffers[i]->size);
    if (model_run(model))
        return 507011;
    for (int i = 0; i < out->count; i++)
        memcpy(out->buffers[i]->data, model_output(model, i), out->buffers[i]->size);
    return 0;
}

const char *aclGetRecentErrMsg(void) { return fault("code", NULL) ? "EZ9999 injected" : NULL; }
