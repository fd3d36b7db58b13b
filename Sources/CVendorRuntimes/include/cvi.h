#ifndef MW_CVI_H
#define MW_CVI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Interface of libcviruntime.so.
// Source: cviruntime.h of the CV18xx SDK (Cvitek 2019 to 2020), which tpu-mlir and cvi_tdl are built against.

enum {
    MW_CVI_FLOAT32 = 0,
    MW_CVI_INT32 = 1,
    MW_CVI_UINT32 = 2,
    MW_CVI_BFLOAT16 = 3,
    MW_CVI_INT16 = 4,
    MW_CVI_UINT16 = 5,
    MW_CVI_INT8 = 6,
    MW_CVI_UINT8 = 7,
};

enum { MW_CVI_MAX_DIMS = 6, MW_CVI_OPTION_PROGRAM_INDEX = 9 };

typedef struct {
    int32_t sizes[MW_CVI_MAX_DIMS];
    size_t count;
} mw_cvi_shape;

typedef struct {
    char *name;
    mw_cvi_shape shape;
    uint32_t format;
    size_t element_count;
    size_t size;
    uint8_t *memory;
    uint64_t physical_address;
    uint32_t memory_type;
    float scale;
    int zero_point;
    uint32_t pixel_format;
    bool is_aligned;
    float means[3];
    float scales[3];
    void *owner;
    char reserved[32];
} mw_cvi_tensor;

/// What is called, each found by its published name.
typedef struct {
    int (*CVI_NN_RegisterModelFromBuffer)(const int8_t *model, uint32_t size, void **handle);
    int (*CVI_NN_GetModelVersion)(void *model, int32_t *major, int32_t *minor);
    const char *(*CVI_NN_GetModelTarget)(void *model);
    int (*CVI_NN_SetConfig)(void *model, uint32_t option, ...);
    int (*CVI_NN_GetInputOutputTensors)(
        void *model, mw_cvi_tensor **inputs, int32_t *input_count, mw_cvi_tensor **outputs, int32_t *output_count);
    void *(*CVI_NN_TensorPtr)(mw_cvi_tensor *tensor);
    int (*CVI_NN_Forward)(
        void *model, mw_cvi_tensor *inputs, int32_t input_count, mw_cvi_tensor *outputs, int32_t output_count);
    int (*CVI_NN_CleanupModel)(void *model);
} mw_cvi;

/// Finds every function. Returns NULL, or the name of the first that the library lacks.
const char *mw_cvi_bind(void *library, mw_cvi *functions);

/// Calls CVI_NN_SetConfig, which takes a variable number of arguments, for the program that is to run.
int mw_cvi_choose_program(const mw_cvi *functions, void *model, uint32_t program);

#endif
