// For syscall, under a strict C standard.
#define _DEFAULT_SOURCE

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

bool mw_cpu_has_fma(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("fma") != 0;
}

bool mw_cpu_has_avx512_vbmi(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vbmi") != 0;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

// <asm/hwcap.h>: HWCAP_ASIMDDP and HWCAP2_I8MM; written out because old kernel headers lack them.
enum { MW_HWCAP_ASIMDDP = 1 << 20, MW_HWCAP2_I8MM = 1 << 13 };

bool mw_cpu_has_dotprod(void) { return (getauxval(AT_HWCAP) & MW_HWCAP_ASIMDDP) != 0; }

bool mw_cpu_has_i8mm(void) { return (getauxval(AT_HWCAP2) & MW_HWCAP2_I8MM) != 0; }

#elif MW_HAS_RVV

#include <stdint.h>
#include <sys/auxv.h>
#include <unistd.h>

// <asm/hwprobe.h>, since Linux 6.4: written out because old kernel headers lack it.
enum { MW_RISCV_HWPROBE = 258, MW_HWPROBE_IMA_EXT_0 = 4, MW_HWPROBE_IMA_V = 1 << 2 };

typedef struct {
    int64_t key;
    uint64_t value;
} mw_hwprobe_pair;

// Vendors' kernels have set the letter V for the draft 0.7 too, whose instructions differ; hwprobe means 1.0. A kernel
// without hwprobe is taken at its word.
bool mw_cpu_has_rvv(void) {
    if ((getauxval(AT_HWCAP) & 1ul << ('V' - 'A')) == 0) return false;
    mw_hwprobe_pair pair = {MW_HWPROBE_IMA_EXT_0, 0};
    if (syscall(MW_RISCV_HWPROBE, &pair, 1, 0, 0, 0) != 0) return true;
    return pair.key == MW_HWPROBE_IMA_EXT_0 && (pair.value & MW_HWPROBE_IMA_V) != 0;
}

#endif
