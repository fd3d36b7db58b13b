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

// The instruction takes a word a cycle but gives its result three cycles later, so long inputs go through three states at
// once, each over a stretch of its own. A state is linear in its bits: what it becomes over a stretch of zeros is the sum of
// what each bit becomes.
enum { STRETCH = 4096 };

#if defined(__x86_64__) || defined(__aarch64__)
static const uint32_t over_stretch[32] = {
    0xC2A5B65E, 0x80A71A4D, 0x04A2426B, 0x094484D6, 0x128909AC, 0x25121358, 0x4A2426B0, 0x94484D60,
    0x2D7CEC31, 0x5AF9D862, 0xB5F3B0C4, 0x6E0B1779, 0xDC162EF2, 0xBDC02B15, 0x7E6C20DB, 0xFCD841B6,
    0xFC5CF59D, 0xFD559DCB, 0xFF474D67, 0xFB62EC3F, 0xF329AE8F, 0xE3BF2BEF, 0xC292212F, 0x80C834AF,
    0x047C1FAF, 0x08F83F5E, 0x11F07EBC, 0x23E0FD78, 0x47C1FAF0, 0x8F83F5E0, 0x1AEB9D31, 0x35D73A62,
};

static inline uint32_t moved_over_stretch(uint32_t state) {
    uint32_t moved = 0;
    for (int bit = 0; bit < 32; bit++) moved ^= over_stretch[bit] & -(state >> bit & 1);
    return moved;
}

static inline uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}
#endif

#if defined(__x86_64__)

#include <immintrin.h>

static bool has_instruction(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t state, const uint8_t *at, size_t count) {
    uint64_t crc = state;
    for (; count >= 3 * STRETCH; count -= 3 * STRETCH, at += 3 * STRETCH) {
        uint64_t second = 0, third = 0;
        for (size_t i = 0; i < STRETCH; i += 8) {
            crc = _mm_crc32_u64(crc, word_at(at + i));
            second = _mm_crc32_u64(second, word_at(at + STRETCH + i));
            third = _mm_crc32_u64(third, word_at(at + 2 * STRETCH + i));
        }
        crc = moved_over_stretch(moved_over_stretch((uint32_t)crc) ^ (uint32_t)second) ^ (uint32_t)third;
    }
    for (; count >= 8; count -= 8, at += 8) crc = _mm_crc32_u64(crc, word_at(at));
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
    for (; count >= 3 * STRETCH; count -= 3 * STRETCH, at += 3 * STRETCH) {
        uint32_t second = 0, third = 0;
        for (size_t i = 0; i < STRETCH; i += 8) {
            state = __crc32cd(state, word_at(at + i));
            second = __crc32cd(second, word_at(at + STRETCH + i));
            third = __crc32cd(third, word_at(at + 2 * STRETCH + i));
        }
        state = moved_over_stretch(moved_over_stretch(state) ^ second) ^ third;
    }
    for (; count >= 8; count -= 8, at += 8) state = __crc32cd(state, word_at(at));
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
