#ifndef MW_ACL_H
#define MW_ACL_H

#include <stddef.h>
#include <stdint.h>

// Interface of libascendcl.so.
// Source: github.com/mindspore-ai/graphengine, inc/external/acl/{acl.h,acl_base.h,acl_rt.h,acl_mdl.h}

enum { MW_ACL_MAX_DIMS = 128, MW_ACL_MAX_NAME = 128 };

enum {
    MW_ACL_FLOAT = 0,
    MW_ACL_FLOAT16 = 1,
    MW_ACL_INT8 = 2,
    MW_ACL_INT32 = 3,
    MW_ACL_UINT8 = 4,
    MW_ACL_INT16 = 6,
    MW_ACL_UINT16 = 7,
    MW_ACL_UINT32 = 8,
    MW_ACL_INT64 = 9,
};

enum { MW_ACL_NCHW = 0, MW_ACL_NHWC = 1, MW_ACL_ND = 2 };

enum { MW_ACL_HOST_TO_DEVICE = 1, MW_ACL_DEVICE_TO_HOST = 2 };
enum { MW_ACL_HUGE_PAGES_FIRST = 0 };
enum { MW_ACL_ALREADY_INITIALIZED = 100002 };

typedef struct {
    char name[MW_ACL_MAX_NAME];
    size_t count;
    int64_t sizes[MW_ACL_MAX_DIMS];
} mw_acl_dimensions;

/// What is called, each found by its published name. Descriptions, data sets and buffers are known by address only.
typedef struct {
    int (*aclInit)(const char *configuration);
    int (*aclFinalize)(void);
    int (*aclrtGetVersion)(int32_t *major, int32_t *minor, int32_t *patch);
    int (*aclrtGetDeviceCount)(uint32_t *count);
    int (*aclrtSetDevice)(int32_t device);
    int (*aclrtResetDevice)(int32_t device);
    int (*aclrtMalloc)(void **memory, size_t size, int policy);
    int (*aclrtFree)(void *memory);
    int (*aclrtMemcpy)(void *to, size_t room, const void *from, size_t count, int kind);
    int (*aclmdlLoadFromMem)(const void *model, size_t size, uint32_t *identifier);
    int (*aclmdlUnload)(uint32_t identifier);
    void *(*aclmdlCreateDesc)(void);
    int (*aclmdlDestroyDesc)(void *description);
    int (*aclmdlGetDesc)(void *description, uint32_t identifier);
    size_t (*aclmdlGetNumInputs)(void *description);
    size_t (*aclmdlGetNumOutputs)(void *description);
    size_t (*aclmdlGetInputSizeByIndex)(void *description, size_t index);
    size_t (*aclmdlGetOutputSizeByIndex)(void *description, size_t index);
    int (*aclmdlGetInputDims)(const void *description, size_t index, mw_acl_dimensions *dimensions);
    int (*aclmdlGetOutputDims)(const void *description, size_t index, mw_acl_dimensions *dimensions);
    const char *(*aclmdlGetInputNameByIndex)(const void *description, size_t index);
    const char *(*aclmdlGetOutputNameByIndex)(const void *description, size_t index);
    int (*aclmdlGetInputDataType)(const void *description, size_t index);
    int (*aclmdlGetOutputDataType)(const void *description, size_t index);
    int (*aclmdlGetInputFormat)(const void *description, size_t index);
    int (*aclmdlGetOutputFormat)(const void *description, size_t index);
    void *(*aclmdlCreateDataset)(void);
    int (*aclmdlDestroyDataset)(const void *set);
    int (*aclmdlAddDatasetBuffer)(void *set, void *buffer);
    void *(*aclCreateDataBuffer)(void *data, size_t size);
    int (*aclDestroyDataBuffer)(const void *buffer);
    int (*aclmdlExecute)(uint32_t identifier, const void *inputs, void *outputs);
    const char *(*aclGetRecentErrMsg)(void);
} mw_acl;

/// Finds every function. Returns NULL, or the name of the first that the library lacks.
const char *mw_acl_bind(void *library, mw_acl *functions);

#endif
