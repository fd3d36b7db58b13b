#ifndef MW_CPU_H
#define MW_CPU_H

#include <stdbool.h>

/// Whether the compiler can make single functions for RISC-V's vector extension: MW_RVV says so for one.
#if defined(__riscv) && __riscv_xlen == 64 && ((defined(__clang__) && __clang_major__ >= 18) || __GNUC__ >= 14)
#define MW_HAS_RVV 1
#define MW_RVV __attribute__((target("arch=+v")))
#else
#define MW_HAS_RVV 0
#endif

#if defined(__x86_64__)
bool mw_cpu_has_avx2(void);
bool mw_cpu_has_fma(void);
/// The 256-bit form without AVX-512.
bool mw_cpu_has_avx_vnni(void);
/// With the byte masks of all widths (BW, VL) that the tails need.
bool mw_cpu_has_avx512_vnni(void);
/// Shuffles of single bytes.
bool mw_cpu_has_avx512_vbmi(void);
#elif defined(__aarch64__)
bool mw_cpu_has_dotprod(void);
bool mw_cpu_has_i8mm(void);
#elif MW_HAS_RVV
/// Vector extension 1.0, not one of the drafts before it.
bool mw_cpu_has_rvv(void);
#endif

#endif
