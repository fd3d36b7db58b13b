#if defined(__x86_64__)

#define ISA avx2
#define TARGET __attribute__((target("avx2,fma")))

#include "pooling_body.h"

#endif
