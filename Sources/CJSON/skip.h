#ifndef MW_CJSON_SKIP_H
#define MW_CJSON_SKIP_H

#include "bytes.h"
#include "include/CJSON.h"
#include "number.h"
#include "text.h"

/// A text while it is read, and what all values are made of.
typedef struct scan {
    const mw_json_query *query;
    const uint8_t *begin, *end;
    /// Up to where MW_AHEAD bytes can be read at once: what lies beyond the end is zero or not read.
    const uint8_t *safe;
    /// From where on MW_BEHIND bytes before can be read.
    const uint8_t *early;
    /// Up to where 64 bytes can be read at once.
    const uint8_t *wide;
    /// What was looked at beforehand, 64 bytes at once: where one string ends is then known without waiting for the one before.
    const uint8_t *block;
    uint64_t stops;
    /// Bits of what stood in strings: where none is beyond ASCII, the text is UTF-8.
    uint64_t high;
    /// Of the array whose elements are a list.
    uint32_t element;
    mw_json_outcome outcome;
    uint32_t at;
} scan;

// What reads a part of the text returns where that ends, or NULL when the text is refused or a list is full.

__attribute__((noinline, cold)) static const uint8_t *refuse(scan *self, mw_json_outcome outcome, const uint8_t *at) {
    self->outcome = outcome;
    self->at = (uint32_t)(at - self->begin);
    return NULL;
}

__attribute__((noinline, cold)) static const uint8_t *unexpected(scan *self, const uint8_t *at) {
    return refuse(self, at < self->end ? MW_JSON_UNEXPECTED : MW_JSON_CUT_SHORT, at);
}

/// Goes over the escape that starts at a backslash.
__attribute__((noinline)) static const uint8_t *escape(scan *self, const uint8_t *at) {
    at++;
    if (at >= self->end) return unexpected(self, at);
    switch (*at) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 1;
    case 'u':
        for (int index = 1; index <= 4; index++) {
            if (at + index >= self->end || mw_hex_digit(at[index]) < 0) return unexpected(self, at + index);
        }
        return at + 5;
    default: return unexpected(self, at);
    }
}

/// Goes on to the next quote, backslash or control character of a string, or to the end.
static inline const uint8_t *string_stop(scan *self, const uint8_t *at) {
    const size_t offset = (size_t)(at - self->block);
    if (MW_LIKELY(offset < 64)) {
        const uint64_t stops = self->stops >> offset;
        if (MW_LIKELY(stops != 0)) return at + __builtin_ctzll(stops);
        at = self->block + 64;
    }
    for (; at <= self->wide; at += 64) {
        self->block = at;
        self->stops = mw_stops(at, &self->high);
        if (MW_LIKELY(self->stops != 0)) return at + __builtin_ctzll(self->stops);
    }
    return mw_string_stop(at, self->safe, self->end, &self->high);
}

/// Goes over a string, from its opening quote on.
static inline const uint8_t *string(scan *self, const uint8_t *at, bool *has_escapes) {
    at++;
    for (;;) {
        at = string_stop(self, at);
        if (MW_UNLIKELY(at >= self->end)) return unexpected(self, at);
        if (MW_LIKELY(*at == '"')) return at + 1;
        if (*at != '\\') return unexpected(self, at);
        *has_escapes = true;
        at = escape(self, at);
        if (at == NULL) return NULL;
    }
}

__attribute__((noinline)) static const uint8_t *long_number(scan *self, const uint8_t *at, mw_json_place *place) {
    const uint8_t *bad = NULL;
    const uint8_t *const behind = mw_json_number(at, self->end, place, &bad);
    if (behind != NULL) return behind;
    return bad == NULL ? refuse(self, MW_JSON_NUMBER_TOO_LONG, at) : unexpected(self, bad);
}

__attribute__((always_inline)) static inline const uint8_t *number(scan *self, const uint8_t *at, mw_json_place *place) {
    if (MW_LIKELY(at <= self->safe && at >= self->early)) {
        const uint8_t *const behind = mw_json_short_number(at, place);
        if (MW_LIKELY(behind != NULL)) return behind;
    }
    return long_number(self, at, place);
}

static const uint8_t *word(scan *self, const uint8_t *at, const char *expected) {
    for (; *expected != 0; expected++, at++) {
        if (at >= self->end || *at != (uint8_t)*expected) return unexpected(self, at);
    }
    return at;
}

/// Reads a value that is no string, number, object or array.
static const uint8_t *other(scan *self, const uint8_t *at, mw_json_kind *kind) {
    switch (*at) {
    case 't': return *kind = MW_JSON_TRUE, word(self, at, "true");
    case 'f': return *kind = MW_JSON_FALSE, word(self, at, "false");
    case 'n': return *kind = MW_JSON_NULL, word(self, at, "null");
    case 'N': return *kind = MW_JSON_NOT_FINITE, word(self, at, "NaN");
    case 'I': return *kind = MW_JSON_NOT_FINITE, word(self, at, "Infinity");
    case '-': return *kind = MW_JSON_NOT_FINITE, word(self, at, "-Infinity");
    default: return unexpected(self, at);
    }
}

static inline bool is_number(const scan *self, const uint8_t *at) {
    return (uint8_t)(*at - '0') < 10 || (*at == '-' && !(at + 1 < self->end && at[1] == 'I'));
}

/// Goes over a key and its colon, to the value.
static inline const uint8_t *skipped_key(scan *self, const uint8_t *at) {
    if (MW_UNLIKELY(at >= self->end || *at != '"')) return unexpected(self, at);
    bool has_escapes = false;
    at = string(self, at, &has_escapes);
    if (MW_UNLIKELY(at == NULL)) return NULL;
    at = mw_space(at, self->end);
    if (MW_UNLIKELY(at >= self->end || *at != ':')) return unexpected(self, at);
    return mw_space(at + 1, self->end);
}

/// Checks a value of which nothing is wanted; `start` is its depth in the text.
static const uint8_t *skip(scan *self, const uint8_t *at, uint32_t start) {
    uint32_t depth = start;
    // One bit a level that was entered here, the innermost one lowest: set for an object.
    uint64_t objects = 0;
    bool has_escapes;
    mw_json_kind kind;
    for (;;) {
        if (MW_UNLIKELY(at >= self->end)) return unexpected(self, at);
        if (*at == '"') {
            at = string(self, at, &has_escapes);
        } else if (is_number(self, at)) {
            at = number(self, at, NULL);
        } else if (*at == '{' || *at == '[') {
            if (depth >= MW_JSON_MAX_DEPTH) return refuse(self, MW_JSON_TOO_DEEP, at);
            const bool is_object = *at == '{';
            at = mw_space(at + 1, self->end);
            if (!(at < self->end && *at == (is_object ? '}' : ']'))) {
                objects = objects << 1 | is_object;
                depth++;
                if (is_object && MW_UNLIKELY((at = skipped_key(self, at)) == NULL)) return NULL;
                continue;
            }
            at++;
        } else {
            at = other(self, at, &kind);
        }
        if (MW_UNLIKELY(at == NULL)) return NULL;
        // What closes here, until something follows.
        for (;;) {
            if (depth == start) return at;
            at = mw_space(at, self->end);
            if (MW_UNLIKELY(at >= self->end)) return unexpected(self, at);
            const bool is_object = objects & 1;
            if (*at == ',') {
                at = mw_space(at + 1, self->end);
                if (is_object && MW_UNLIKELY((at = skipped_key(self, at)) == NULL)) return NULL;
                break;
            }
            if (MW_UNLIKELY(*at != (is_object ? '}' : ']'))) return unexpected(self, at);
            objects >>= 1;
            depth--;
            at++;
        }
    }
}

#endif
