#include "cpu.h"

#if defined(__x86_64__)

// The builtin asks XGETBV too: an instruction that the operating system does not save is not reported.
bool mw_cpu_has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}

bool mw_cpu_has_avx_vnni(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("avxvnni") != 0;
}

bool mw_cpu_has_avx512_vnni(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0
        && __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

// <asm/hwcap.h>: HWCAP_ASIMDDP; written out because old kernel headers lack it.
enum { MW_HWCAP_ASIMDDP = 1 << 20 };

bool mw_cpu_has_dotprod(void) { return (getauxval(AT_HWCAP) & MW_HWCAP_ASIMDDP) != 0; }

#endif
