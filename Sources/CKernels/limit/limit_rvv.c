#include "../cpu/cpu.h"

#if MW_HAS_RVV

#include <riscv_vector.h>

#include "kernels.h"

// Vectors have no fixed size here and cannot be in an array: each sum has a name. Bytes are widened to 16 bits
// beforehand, as in the kernel.
#define SUMS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

MW_RVV size_t mw_multiply_add_limit__rvv(size_t rounds) {
    const size_t lanes = __riscv_vsetvlmax_e16m1();
    const vint16m1_t w = __riscv_vmv_v_x_i16m1(5, lanes);
#define START(i) vint32m2_t sum##i = __riscv_vmv_v_x_i32m2(0, lanes);
    SUMS(START)
    for (size_t round = 0; round < rounds; round++) {
#define ADD(i) sum##i = __riscv_vwmacc_vx_i32m2(sum##i, 3, w, lanes);
        SUMS(ADD)
#define HIDE(i) __asm__ volatile("" : "+vr"(sum##i));
        SUMS(HIDE)
    }
#define COUNT(i) +1
    return rounds * lanes * (0 SUMS(COUNT));
}

#endif
