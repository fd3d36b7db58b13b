#if defined(__x86_64__)

#define KERNEL_NAME mw_s8_convolve__avx_vnni
#define TARGET "avx2,fma,avxvnni"
#define DPBUSD _mm256_dpbusd_avx_epi32
#include "vnni256.h"

#endif
