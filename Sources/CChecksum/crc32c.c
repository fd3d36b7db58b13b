#include "include/CChecksum.h"

#include <stdbool.h>
#include <string.h>

// Sixteen entries a half byte: one kilobit of table, for CPUs without the instruction.
static const uint32_t halves[16] = {
    0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D,
    0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
};

uint32_t mw_crc32c_by_tables(uint32_t state, const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++) {
        state ^= at[i];
        state = state >> 4 ^ halves[state & 15];
        state = state >> 4 ^ halves[state & 15];
    }
    return state;
}

#if defined(__x86_64__)

#include <immintrin.h>

static bool has_instruction(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t state, const uint8_t *at, size_t count) {
    uint64_t crc = state;
    for (; count >= 8; count -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        crc = _mm_crc32_u64(crc, word);
    }
    for (; count > 0; count--) crc = _mm_crc32_u8((uint32_t)crc, *at++);
    return (uint32_t)crc;
}

#elif defined(__aarch64__)

#include <arm_acle.h>
#include <sys/auxv.h>

// <asm/hwcap.h>: HWCAP_CRC32; written out because old kernel headers lack it.
enum { MW_HWCAP_CRC32 = 1 << 7 };

static bool has_instruction(void) { return (getauxval(AT_HWCAP) & MW_HWCAP_CRC32) != 0; }

#if defined(__clang__)
__attribute__((target("crc")))
#else
__attribute__((target("+crc")))
#endif
static uint32_t by_instruction(uint32_t state, const uint8_t *at, size_t count) {
    for (; count >= 8; count -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        state = __crc32cd(state, word);
    }
    for (; count > 0; count--) state = __crc32cb(state, *at++);
    return state;
}

#else

static bool has_instruction(void) { return false; }
static uint32_t by_instruction(uint32_t state, const uint8_t *at, size_t count) {
    return mw_crc32c_by_tables(state, at, count);
}

#endif

uint32_t mw_crc32c(uint32_t state, const void *bytes, size_t count) {
    return has_instruction() ? by_instruction(state, bytes, count) : mw_crc32c_by_tables(state, bytes, count);
}
