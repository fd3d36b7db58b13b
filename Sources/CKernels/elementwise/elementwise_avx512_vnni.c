#if defined(__x86_64__)

#define ISA avx512_vnni
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl")))
#define HAS_QUICK_ADD

#include "quick_add_avx512.h"

#include "elementwise_body.h"

#endif
