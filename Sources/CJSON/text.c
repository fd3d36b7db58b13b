#include "text.h"

ptrdiff_t mw_json_unescape(const uint8_t *text, size_t from, size_t to, uint8_t *output, size_t *bad) {
    const uint8_t *at = text + from, *const end = text + to;
    ptrdiff_t count = 0;
    while (at < end) {
        uint32_t written = 0;
        const uint8_t *const next = mw_unescaped(at, end, output + count, &written);
        if (next == NULL) return *bad = (size_t)(at - text), -1;
        count += written;
        at = next;
    }
    return count;
}

bool mw_is_utf8(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        if (*at < 0x80) {
            while (end - at >= 8 && (mw_word(at) & MW_HIGHS) == 0) at += 8;
            while (at < end && *at < 0x80) at++;
            continue;
        }
        // Source: The Unicode Standard, table 3-7.
        const uint8_t lead = *at++;
        if (lead < 0xC2 || lead > 0xF4) return false;
        const uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        if (end - at < more || at[0] < lowest || at[0] > highest) return false;
        for (int index = 1; index < more; index++) {
            if ((at[index] & 0xC0) != 0x80) return false;
        }
        at += more;
    }
    return true;
}
