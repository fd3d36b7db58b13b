#ifndef MW_BMRT_H
#define MW_BMRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Interface of libbmrt.so and of libbmlib.so, which it brings along.
// Source: github.com/sophgo/libsophon, tpu-runtime/include/{bmruntime_interface.h,bmdef.h} and bmlib_runtime.h

enum {
    MW_BM_FLOAT32 = 0,
    MW_BM_FLOAT16,
    MW_BM_INT8,
    MW_BM_UINT8,
    MW_BM_INT16,
    MW_BM_UINT16,
    MW_BM_INT32,
    MW_BM_UINT32,
    MW_BM_BFLOAT16,
};

enum { MW_BM_MAX_DIMS = 8, MW_BM_NOT_SUPPORTED = 9 };

typedef struct {
    uint64_t address;
    uint32_t reserved;
    int32_t file;
    uint32_t flags;
    uint32_t size;
} mw_bm_memory;

typedef struct {
    int count;
    int sizes[MW_BM_MAX_DIMS];
} mw_bm_shape;

typedef struct {
    uint32_t type;
    mw_bm_shape shape;
    mw_bm_memory memory;
    uint32_t store_mode;
} mw_bm_tensor;

typedef struct {
    mw_bm_shape *input_shapes;
    mw_bm_shape *output_shapes;
    mw_bm_memory *input_memory;
    mw_bm_memory *output_memory;
} mw_bm_stage;

typedef struct {
    const char *name;
    bool is_dynamic;
    int input_count;
    const char **input_names;
    const uint32_t *input_types;
    const float *input_scales;
    int output_count;
    const char **output_names;
    const uint32_t *output_types;
    const float *output_scales;
    int stage_count;
    mw_bm_stage *stages;
    const size_t *input_bytes;
    const size_t *output_bytes;
    const int *input_zero_points;
    const int *output_zero_points;
    const int *input_devices;
    const int *output_devices;
    int core_count;
    int32_t address_mode;
} mw_bm_network;

/// What is called, each found by its published name.
typedef struct {
    int (*bm_dev_getcount)(int *count);
    int (*bm_dev_request)(void **handle, int device);
    void (*bm_dev_free)(void *handle);
    int (*bm_get_driver_version)(void *handle, int *version);
    int (*bm_malloc_device_byte)(void *handle, mw_bm_memory *memory, unsigned int size);
    void (*bm_free_device)(void *handle, mw_bm_memory memory);
    int (*bm_memcpy_s2d)(void *handle, mw_bm_memory to, void *from);
    int (*bm_memcpy_d2s)(void *handle, void *to, mw_bm_memory from);
    int (*bm_thread_sync)(void *handle);
    void *(*bmrt_create)(void *handle);
    void (*bmrt_destroy)(void *runtime);
    bool (*bmrt_load_bmodel_data)(void *runtime, const void *model, size_t size);
    int (*bmrt_get_network_number)(void *runtime);
    void (*bmrt_get_network_names)(void *runtime, const char ***names);
    const mw_bm_network *(*bmrt_get_network_info)(void *runtime, const char *name);
    bool (*bmrt_launch_tensor_ex)(
        void *runtime, const char *name, const mw_bm_tensor *inputs, int input_count, mw_bm_tensor *outputs,
        int output_count, bool user_memory, bool user_store_mode);
    /// Only in libraries for chips with several cores, else NULL.
    bool (*bmrt_launch_tensor_multi_cores)(
        void *runtime, const char *name, const mw_bm_tensor *inputs, int input_count, mw_bm_tensor *outputs,
        int output_count, bool user_memory, bool user_store_mode, const int *cores, int core_count);
} mw_bmrt;

/// Finds every function. Returns NULL, or the name of the first that the library lacks.
const char *mw_bmrt_bind(void *library, mw_bmrt *functions);

#endif
