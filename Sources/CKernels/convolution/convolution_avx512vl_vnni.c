#if defined(__x86_64__)

// For CPUs whose clock drops with 512 bits; and what CI has in place of a CPU with AVX-VNNI.
#define KERNEL_NAME mw_s8_convolve__avx512vl_vnni
#define TARGET "avx2,fma,avx512f,avx512vl,avx512vnni"
#define DPBUSD _mm256_dpbusd_epi32
#include "vnni256.h"

#endif
