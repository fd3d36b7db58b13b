#ifndef MW_RKNN_H
#define MW_RKNN_H

#include <stdint.h>

// Interface of librknnrt.so, version 1.4 and later.
// Source: github.com/rockchip-linux/rknpu2, runtime/RK3588/Linux/librknn_api/include/rknn_api.h

#if defined(__arm__)
typedef uint32_t mw_rknn_context;
#else
typedef uint64_t mw_rknn_context;
#endif

enum { MW_RKNN_MAX_DIMS = 16, MW_RKNN_MAX_NAME = 256 };

enum {
    MW_RKNN_QUERY_IN_OUT_NUM = 0,
    MW_RKNN_QUERY_INPUT_ATTR = 1,
    MW_RKNN_QUERY_OUTPUT_ATTR = 2,
    MW_RKNN_QUERY_PERF_RUN = 4,
    MW_RKNN_QUERY_SDK_VERSION = 5,
    MW_RKNN_QUERY_MEM_SIZE = 6,
};

enum {
    MW_RKNN_FLOAT32 = 0,
    MW_RKNN_FLOAT16,
    MW_RKNN_INT8,
    MW_RKNN_UINT8,
    MW_RKNN_INT16,
    MW_RKNN_UINT16,
    MW_RKNN_INT32,
    MW_RKNN_UINT32,
    MW_RKNN_INT64,
    MW_RKNN_BOOL,
};

enum { MW_RKNN_QUANTIZED_NONE = 0, MW_RKNN_QUANTIZED_FIXED_POINT = 1, MW_RKNN_QUANTIZED_AFFINE = 2 };

enum { MW_RKNN_NCHW = 0, MW_RKNN_NHWC = 1, MW_RKNN_NC1HWC2 = 2, MW_RKNN_UNDEFINED = 3 };

typedef struct {
    uint32_t inputs;
    uint32_t outputs;
} mw_rknn_counts;

typedef struct {
    uint32_t index;
    uint32_t dimension_count;
    uint32_t dimensions[MW_RKNN_MAX_DIMS];
    char name[MW_RKNN_MAX_NAME];
    uint32_t element_count;
    uint32_t size;
    uint32_t format;
    uint32_t type;
    uint32_t quantization;
    int8_t fraction_bits;
    int32_t zero_point;
    float scale;
    uint32_t width_stride;
    uint32_t size_with_stride;
    uint8_t pass_through;
    uint32_t height_stride;
} mw_rknn_attribute;

typedef struct {
    int64_t microseconds;
} mw_rknn_run_time;

typedef struct {
    char interface[256];
    char driver[256];
} mw_rknn_versions;

// The newer library writes more than the first two; it is told the size of all.
typedef struct {
    uint32_t weight_bytes;
    uint32_t internal_bytes;
    uint64_t dma_bytes;
    uint32_t sram_bytes;
    uint32_t free_sram_bytes;
    uint32_t reserved[10];
} mw_rknn_memory;

typedef struct {
    uint32_t index;
    void *buffer;
    uint32_t size;
    uint8_t pass_through;
    uint32_t type;
    uint32_t format;
} mw_rknn_input;

typedef struct {
    uint8_t want_float;
    uint8_t is_preallocated;
    uint32_t index;
    void *buffer;
    uint32_t size;
} mw_rknn_output;

/// What is called, each found by its published name.
typedef struct {
    int (*rknn_init)(mw_rknn_context *context, void *model, uint32_t size, uint32_t flags, void *extend);
    int (*rknn_destroy)(mw_rknn_context context);
    int (*rknn_query)(mw_rknn_context context, uint32_t command, void *information, uint32_t size);
    int (*rknn_inputs_set)(mw_rknn_context context, uint32_t count, mw_rknn_input *inputs);
    int (*rknn_run)(mw_rknn_context context, void *extend);
    int (*rknn_outputs_get)(mw_rknn_context context, uint32_t count, mw_rknn_output *outputs, void *extend);
    int (*rknn_outputs_release)(mw_rknn_context context, uint32_t count, mw_rknn_output *outputs);
    int (*rknn_set_core_mask)(mw_rknn_context context, uint32_t mask);
} mw_rknn;

/// Finds every function. Returns NULL, or the name of the first that the library lacks.
const char *mw_rknn_bind(void *library, mw_rknn *functions);

#endif
