#ifndef MW_CJSON_TEXT_H
#define MW_CJSON_TEXT_H

#include "bytes.h"
#include "include/CJSON.h"

/// Whether all bytes are UTF-8.
bool mw_is_utf8(const uint8_t *at, const uint8_t *end);

static inline int mw_hex_digit(uint8_t byte) {
    if ((uint8_t)(byte - '0') < 10) return byte - '0';
    const uint8_t letter = (uint8_t)((byte | 0x20) - 'a');
    return letter < 6 ? letter + 10 : -1;
}

/// The code unit of four digits that were checked.
static inline uint32_t mw_code_unit(const uint8_t *at) {
    uint32_t code = 0;
    for (int index = 0; index < 4; index++) code = code << 4 | (uint32_t)mw_hex_digit(at[index]);
    return code;
}

/// Resolves one character, or one byte of one, of a checked string.
///
/// output: room for 4 bytes where an escape of 6 or more begins, else for 1.
/// Returns where the next one begins; NULL at half of a surrogate pair.
static inline const uint8_t *mw_unescaped(const uint8_t *at, const uint8_t *end, uint8_t *output, uint32_t *count) {
    *count = 1;
    if (*at != '\\') return *output = *at, at + 1;
    switch (at[1]) {
    case 'b': return *output = '\b', at + 2;
    case 'f': return *output = '\f', at + 2;
    case 'n': return *output = '\n', at + 2;
    case 'r': return *output = '\r', at + 2;
    case 't': return *output = '\t', at + 2;
    case 'u': break;
    default: return *output = at[1], at + 2;
    }
    uint32_t code = mw_code_unit(at + 2);
    at += 6;
    if (code >= 0xD800 && code < 0xE000) {
        if (code >= 0xDC00 || end - at < 6 || at[0] != '\\' || at[1] != 'u') return NULL;
        const uint32_t low = mw_code_unit(at + 2);
        if (low < 0xDC00 || low >= 0xE000) return NULL;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    if (code < 0x80) {
        output[0] = (uint8_t)code;
    } else if (code < 0x800) {
        *count = 2;
        output[0] = (uint8_t)(0xC0 | code >> 6);
        output[1] = (uint8_t)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *count = 3;
        output[0] = (uint8_t)(0xE0 | code >> 12);
        output[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        output[2] = (uint8_t)(0x80 | (code & 0x3F));
    } else {
        *count = 4;
        output[0] = (uint8_t)(0xF0 | code >> 18);
        output[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
        output[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        output[3] = (uint8_t)(0x80 | (code & 0x3F));
    }
    return at;
}

#endif
