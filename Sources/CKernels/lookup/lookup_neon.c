#if defined(__aarch64__)

#include <arm_neon.h>

#include "kernels.h"

// The table is 16 registers, four lookups of 64 bytes: an index that is not within one leaves its lane as it was.
void mw_s8_lookup__neon(size_t count, const int8_t *restrict table, const int8_t *input, int8_t *output) {
    int8x16x4_t quarters[4];
    for (size_t q = 0; q < 4; q++) quarters[q] = vld1q_s8_x4(table + q * 64);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const uint8x16_t index = veorq_u8(vreinterpretq_u8_s8(vld1q_s8(input + i)), vdupq_n_u8(128));
        int8x16_t found = vqtbl4q_s8(quarters[0], index);
        found = vqtbx4q_s8(found, quarters[1], vsubq_u8(index, vdupq_n_u8(64)));
        found = vqtbx4q_s8(found, quarters[2], vsubq_u8(index, vdupq_n_u8(128)));
        found = vqtbx4q_s8(found, quarters[3], vsubq_u8(index, vdupq_n_u8(192)));
        vst1q_s8(output + i, found);
    }
    for (; i < count; i++) output[i] = table[input[i] + 128];
}

#endif
