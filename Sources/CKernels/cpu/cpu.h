#ifndef MW_CPU_H
#define MW_CPU_H

#include <stdbool.h>

#if defined(__x86_64__)
bool mw_cpu_has_avx2(void);
/// The 256-bit form without AVX-512.
bool mw_cpu_has_avx_vnni(void);
/// With the byte masks of all widths (BW, VL) that the tails need.
bool mw_cpu_has_avx512_vnni(void);
#elif defined(__aarch64__)
bool mw_cpu_has_dotprod(void);
#endif

#endif
