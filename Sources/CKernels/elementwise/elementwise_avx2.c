#if defined(__x86_64__)

#define ISA avx2
#define TARGET __attribute__((target("avx2,fma")))
#define HAS_QUICK_ADD

#include "quick_add_avx2.h"

#include "elementwise_body.h"

#endif
