#include "../cpu/cpu.h"

#if MW_HAS_RVV

#include <riscv_vector.h>

#include "kernels.h"

MW_RVV void mw_s8_lookup__rvv(size_t count, const int8_t *restrict table, const int8_t *input, int8_t *output) {
    for (size_t i = 0, vl; i < count; i += vl) {
        vl = __riscv_vsetvl_e8m4(count - i);
        const vuint8m4_t bytes = __riscv_vreinterpret_v_i8m4_u8m4(__riscv_vle8_v_i8m4(input + i, vl));
        const vuint8m4_t index = __riscv_vxor_vx_u8m4(bytes, 128, vl);
        __riscv_vse8_v_i8m4(output + i, __riscv_vluxei8_v_i8m4(table, index, vl), vl);
    }
}

#endif
