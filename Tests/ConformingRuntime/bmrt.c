#include "CVendorRuntimes.h"
#include "conforming.h"

#include <stdlib.h>
#include <string.h>

int bm_dev_getcount(int *count) {
    *count = 2;
    return 0;
}

int bm_dev_request(void **handle, int device) {
    *handle = malloc(8);
    return device < 2 ? 0 : 4;
}

void bm_dev_free(void *handle) { free(handle); }

int bm_get_driver_version(void *handle, int *version) {
    (void)handle;
    *version = fault("version", NULL) ? 9 << 16 : 4 << 8 | 9;
    return 0;
}

int bm_malloc_device_byte(void *handle, mw_bm_memory *memory, unsigned int size) {
    (void)handle;
    memset(memory, 0, sizeof *memory);
    memory->address = (uint64_t)(uintptr_t)malloc(size);
    memory->size = size;
    return memory->address ? 0 : 5;
}

void bm_free_device(void *handle, mw_bm_memory memory) {
    (void)handle;
    free((void *)(uintptr_t)memory.address);
}

int bm_memcpy_s2d(void *handle, mw_bm_memory to, void *from) {
    (void)handle;
    memcpy((void *)(uintptr_t)to.address, from, to.size);
    return 0;
}

int bm_memcpy_d2s(void *handle, void *to, mw_bm_memory from) {
    (void)handle;
    memcpy(to, (void *)(uintptr_t)from.address, from.size);
    return 0;
}

int bm_thread_sync(void *handle) {
    (void)handle;
    int code;
    return fault("code", &code) ? code : 0;
}

typedef struct {
    model_t *model;
    mw_bm_network network;
    mw_bm_stage stage;
    mw_bm_shape shapes[2][MOST_TENSORS];
    const char *names[2][MOST_TENSORS];
    uint32_t types[2][MOST_TENSORS];
    float scales[2][MOST_TENSORS];
    size_t bytes[2][MOST_TENSORS];
    int zero_points[2][MOST_TENSORS];
} runtime_t;

void *bmrt_create(void *handle) {
    (void)handle;
    return calloc(1, sizeof(runtime_t));
}

void bmrt_destroy(void *runtime) {
    if (((runtime_t *)runtime)->model)
        model_close(((runtime_t *)runtime)->model);
    free(runtime);
}

static void describe(runtime_t *r, int side, int count, const conforming_tensor_t *tensors) {
    static const uint32_t types[] = {MW_BM_INT8, MW_BM_UINT8, MW_BM_INT32, MW_BM_FLOAT32};
    for (int i = 0; i < count; i++) {
        r->names[side][i] = side ? "out" : "in";
        r->types[side][i] = types[tensors[i].kind];
        r->scales[side][i] = tensors[i].scale;
        r->zero_points[side][i] = tensors[i].zero_point;
        r->bytes[side][i] = tensors[i].bytes;
        r->shapes[side][i].count = (int)tensors[i].rank;
        for (int d = 0; d < tensors[i].rank; d++)
            r->shapes[side][i].sizes[d] = (int)tensors[i].sizes[d];
    }
}

bool bmrt_load_bmodel_data(void *runtime, const void *bytes, size_t size) {
    runtime_t *r = runtime;
    r->model = model_open(bytes, size, true, true);
    if (!r->model)
        return false;
    describe(r, 0, r->model->input_count, r->model->inputs);
    describe(r, 1, r->model->output_count, r->model->outputs);
    r->stage = (mw_bm_stage){.input_shapes = r->shapes[0], .output_shapes = r->shapes[1]};
    r->network = (mw_bm_network){
        .name = "net", .input_count = r->model->input_count, .input_names = r->names[0], .input_types = r->types[0],
        .input_scales = r->scales[0], .output_count = r->model->output_count, .output_names = r->names[1],
        .output_types = r->types[1], .output_scales = r->scales[1], .stage_count = 1, .stages = &r->stage,
        .input_bytes = r->bytes[0], .output_bytes = r->bytes[1], .input_zero_points = r->zero_points[0],
        .output_zero_points = r->zero_points[1], .core_count = 2};
    return true;
}

int bmrt_get_network_number(void *runtime) { return ((runtime_t *)runtime)->model ? 1 : 0; }

void bmrt_get_network_names(void *runtime, const char ***names) {
    *names = malloc(sizeof **names);
    **names = ((runtime_t *)runtime)->network.name;
}

const mw_bm_network *bmrt_get_network_info(void *runtime, const char *name) {
    runtime_t *r = runtime;
    return strcmp(name, r->network.name) ? NULL : &r->network;
}

bool bmrt_launch_tensor_ex(
    void *runtime, const char *name, const mw_bm_tensor *inputs, int in, mw_bm_tensor *outputs, int out, bool user_memory,
    bool user_store_mode) {
    runtime_t *r = runtime;
    if (strcmp(name, r->network.name) || !user_memory || user_store_mode || fault("launch", NULL))
        return false;
    for (int i = 0; i < in; i++)
        memcpy(model_input(r->model, i), (void *)(uintptr_t)inputs[i].memory.address, inputs[i].memory.size);
    if (model_run(r->model))
        return false;
    for (int i = 0; i < out; i++) {
        memcpy((void *)(uintptr_t)outputs[i].memory.address, model_output(r->model, i), outputs[i].memory.size);
        outputs[i].shape = r->shapes[1][i];
        if (fault("size", NULL))
            outputs[i].shape.sizes[outputs[i].shape.count - 1] -= 1;
    }
    return true;
}

bool bmrt_launch_tensor_multi_cores(
    void *runtime, const char *name, const mw_bm_tensor *inputs, int in, mw_bm_tensor *outputs, int out, bool user_memory,
    bool user_store_mode, const int *cores, int core_count) {
    for (int i = 0; i < core_count; i++)
        if (cores[i] < 0 || cores[i] > 1)
            return false;
    return bmrt_launch_tensor_ex(runtime, name, inputs, in, outputs, out, user_memory, user_store_mode);
}
