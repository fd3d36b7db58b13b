#ifndef MW_TAIL_H
#define MW_TAIL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// The last `count` (1...15) bytes of an operand in the low bytes of a 16-byte vector, zeros above. Loads of a fixed
/// size that overlap each other: a byte beyond the operand may lie on a page that is not there.
static inline void mw_load_tail(const int8_t *from, size_t count, uint64_t to[2]) {
    to[0] = 0;
    to[1] = 0;
    if (count >= 8) {
        memcpy(&to[0], from, 8);
        if (count > 8) {
            memcpy(&to[1], from + count - 8, 8);
            to[1] >>= 8 * (16 - count);
        }
    } else if (count >= 4) {
        uint32_t low, high;
        memcpy(&low, from, 4);
        memcpy(&high, from + count - 4, 4);
        to[0] = low | (uint64_t)high << 8 * (count - 4);
    } else {
        const uint64_t first = (uint8_t)from[0], middle = (uint8_t)from[count / 2], last = (uint8_t)from[count - 1];
        to[0] = first | middle << 8 * (count / 2) | last << 8 * (count - 1);
    }
}

#endif
