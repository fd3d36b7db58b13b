#ifndef MW_LOOKUP_H
#define MW_LOOKUP_H

#include "CKernels.h"

/// output[i] = table[input[i] + 128]; table: 256 elements. The output may be the input.
typedef void mw_s8_lookup_run(size_t count, const int8_t *restrict table, const int8_t *input, int8_t *output);

typedef struct {
    const char *isa;
    mw_s8_lookup_run *run;
    bool (*is_supported)(void);
} mw_s8_lookup_kernel;

/// Every kernel built for this architecture, scalar first, best last.
const mw_s8_lookup_kernel *mw_s8_lookup_kernels(size_t *count);

#endif
