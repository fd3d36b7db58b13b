#if defined(__x86_64__)

#define ISA avx512_vnni
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl")))

#include "quantize_body.h"

#endif
