#define _GNU_SOURCE
#include "CVendorRuntimes.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__LP64__)
// Sizes and places as the published layouts have them: a field that is moved by mistake does not compile.
_Static_assert(sizeof(mw_rknn_attribute) == 376, "rknn_tensor_attr");
_Static_assert(offsetof(mw_rknn_attribute, zero_point) == 352, "rknn_tensor_attr.zp");
_Static_assert(offsetof(mw_rknn_attribute, height_stride) == 372, "rknn_tensor_attr.h_stride");
_Static_assert(sizeof(mw_rknn_input) == 32 && offsetof(mw_rknn_input, type) == 24, "rknn_input");
_Static_assert(sizeof(mw_rknn_output) == 24 && offsetof(mw_rknn_output, index) == 4, "rknn_output");
_Static_assert(sizeof(mw_acl_dimensions) == 128 + 8 + 128 * 8, "aclmdlIODims");
_Static_assert(sizeof(mw_bm_memory) == 24 && sizeof(mw_bm_shape) == 36, "bm_device_mem_t, bm_shape_t");
_Static_assert(sizeof(mw_bm_tensor) == 72 && offsetof(mw_bm_tensor, memory) == 40, "bm_tensor_t");
_Static_assert(sizeof(mw_bm_network) == 144 && offsetof(mw_bm_network, core_count) == 136, "bm_net_info_t");
_Static_assert(sizeof(mw_cvi_shape) == 32 && sizeof(mw_cvi_tensor) == 168, "CVI_SHAPE, CVI_TENSOR");
_Static_assert(offsetof(mw_cvi_tensor, scale) == 84 && offsetof(mw_cvi_tensor, owner) == 128, "CVI_TENSOR");
#endif

// A data pointer is copied over a function pointer of the same size, which POSIX promises to work for dlsym.
#define FIND(name)                                                                                                     \
    do {                                                                                                               \
        void *found = dlsym(library, #name);                                                                           \
        if (!found)                                                                                                    \
            return #name;                                                                                              \
        memcpy(&functions->name, &found, sizeof found);                                                                \
    } while (0)

const char *mw_rknn_bind(void *library, mw_rknn *functions) {
    FIND(rknn_init);
    FIND(rknn_destroy);
    FIND(rknn_query);
    FIND(rknn_inputs_set);
    FIND(rknn_run);
    FIND(rknn_outputs_get);
    FIND(rknn_outputs_release);
    FIND(rknn_set_core_mask);
    return NULL;
}

const char *mw_acl_bind(void *library, mw_acl *functions) {
    FIND(aclInit);
    FIND(aclFinalize);
    FIND(aclrtGetVersion);
    FIND(aclrtGetDeviceCount);
    FIND(aclrtSetDevice);
    FIND(aclrtResetDevice);
    FIND(aclrtMalloc);
    FIND(aclrtFree);
    FIND(aclrtMemcpy);
    FIND(aclmdlLoadFromMem);
    FIND(aclmdlUnload);
    FIND(aclmdlCreateDesc);
    FIND(aclmdlDestroyDesc);
    FIND(aclmdlGetDesc);
    FIND(aclmdlGetNumInputs);
    FIND(aclmdlGetNumOutputs);
    FIND(aclmdlGetInputSizeByIndex);
    FIND(aclmdlGetOutputSizeByIndex);
    FIND(aclmdlGetInputDims);
    FIND(aclmdlGetOutputDims);
    FIND(aclmdlGetInputNameByIndex);
    FIND(aclmdlGetOutputNameByIndex);
    FIND(aclmdlGetInputDataType);
    FIND(aclmdlGetOutputDataType);
    FIND(aclmdlGetInputFormat);
    FIND(aclmdlGetOutputFormat);
    FIND(aclmdlCreateDataset);
    FIND(aclmdlDestroyDataset);
    FIND(aclmdlAddDatasetBuffer);
    FIND(aclCreateDataBuffer);
    FIND(aclDestroyDataBuffer);
    FIND(aclmdlExecute);
    FIND(aclGetRecentErrMsg);
    return NULL;
}

const char *mw_bmrt_bind(void *library, mw_bmrt *functions) {
    FIND(bm_dev_getcount);
    FIND(bm_dev_request);
    FIND(bm_dev_free);
    FIND(bm_get_driver_version);
    FIND(bm_malloc_device_byte);
    FIND(bm_free_device);
    FIND(bm_memcpy_s2d);
    FIND(bm_memcpy_d2s);
    FIND(bm_thread_sync);
    FIND(bmrt_create);
    FIND(bmrt_destroy);
    FIND(bmrt_load_bmodel_data);
    FIND(bmrt_get_network_number);
    FIND(bmrt_get_network_names);
    FIND(bmrt_get_network_info);
    FIND(bmrt_launch_tensor_ex);
    void *cores = dlsym(library, "bmrt_launch_tensor_multi_cores");
    memcpy(&functions->bmrt_launch_tensor_multi_cores, &cores, sizeof cores);
    return NULL;
}

const char *mw_cvi_bind(void *library, mw_cvi *functions) {
    FIND(CVI_NN_RegisterModelFromBuffer);
    FIND(CVI_NN_GetModelVersion);
    FIND(CVI_NN_GetModelTarget);
    FIND(CVI_NN_SetConfig);
    FIND(CVI_NN_GetInputOutputTensors);
    FIND(CVI_NN_TensorPtr);
    FIND(CVI_NN_Forward);
    FIND(CVI_NN_CleanupModel);
    return NULL;
}

int mw_cvi_choose_program(const mw_cvi *functions, void *model, uint32_t program) {
    return functions->CVI_NN_SetConfig(model, MW_CVI_OPTION_PROGRAM_INDEX, program);
}

static void *watch(void *context) {
    struct pollfd peer = {.fd = (int)(intptr_t)context, .events = POLLRDHUP};
    for (;;) {
        int ready = poll(&peer, 1, -1);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            _exit(0);
    }
}

int mw_end_with_peer(int socket) {
    pthread_t thread;
    int code = pthread_create(&thread, NULL, watch, (void *)(intptr_t)socket);
    return code ? code : pthread_detach(thread);
}

int mw_copy_descriptor(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }

int mw_seal_size(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL); }

int mw_has_sealed_size(int descriptor) {
    int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
    int seals = fcntl(descriptor, F_GET_SEALS);
    return seals >= 0 && (seals & wanted) == wanted;
}

int mw_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int mw_close_from(void *spawn_file_actions, int lowest) {
    return posix_spawn_file_actions_addclosefrom_np(spawn_file_actions, lowest);
}
