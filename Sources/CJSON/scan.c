#include "include/CJSON.h"

#include "skip.h"

/// Where the next element of a list goes; NULL when it is full.
static inline mw_json_place *next_place(scan *self, uint32_t slot) {
    mw_json_answer *const answer = &self->query->answers[slot];
    if (MW_LIKELY(answer->count < answer->capacity)) return &answer->list[answer->count];
    self->outcome = MW_JSON_LIST_FULL;
    self->at = slot;
    return NULL;
}

/// Notes what stands at a node.
static bool set(scan *self, const mw_json_node *node, const mw_json_place *place) {
    const uint32_t *const slots = self->query->slots;
    mw_json_answer *const answers = self->query->answers;
    // An answer that should have been an array of the list.
    for (uint32_t index = 0; index < node->list_count; index++) answers[slots[node->lists + index]].found = *place;
    for (uint32_t index = 0; index < node->slot_count; index++) {
        const uint32_t slot = slots[node->slots + index];
        mw_json_answer *const answer = &answers[slot];
        if (answer->capacity == 0) {
            answer->found = *place;
        } else if (answer->count > self->element) {
            answer->list[self->element] = *place;
        } else {
            mw_json_place *const next = next_place(self, slot);
            if (next == NULL) return false;
            *next = *place;
            answer->count++;
        }
    }
    return true;
}

static const uint8_t *value(scan *self, const uint8_t *at, mw_json_node *node, uint32_t depth);

/// Whether a key that was not checked yet is a name; `at` is behind its opening quote.
static inline const uint8_t *guessed(const scan *self, const uint8_t *at, const mw_json_field *field) {
    const uint32_t length = field->length;
    if (MW_UNLIKELY(!field->is_plain || self->end - at <= (ptrdiff_t)length)) return NULL;
    if (length < 8) {
        const uint64_t bytes = at <= self->safe ? mw_word(at) : mw_word_before(at, self->end);
        if ((bytes & ((1ull << 8 * length) - 1)) != field->first) return NULL;
    } else {
        if (mw_word(at) != field->first || mw_word(at + length - 8) != field->last) return NULL;
        if (length > 16 && memcmp(at + 8, self->query->names + field->name + 8, length - 16) != 0) return NULL;
    }
    return at[length] == '"' ? at + length + 1 : NULL;
}

/// Whether a checked key with escapes is a name.
static bool is_escaped_name(const scan *self, const uint8_t *at, const uint8_t *end, const mw_json_field *field) {
    const uint8_t *const name = self->query->names + field->name;
    uint32_t length = 0;
    while (at < end) {
        uint8_t bytes[4];
        uint32_t count;
        at = mw_unescaped(at, end, bytes, &count);
        if (at == NULL || count > field->length - length || memcmp(name + length, bytes, count) != 0) return false;
        length += count;
    }
    return length == field->length;
}

/// Finds which wanted name a checked key is; `field` stays NULL where it is none.
static bool find(
    scan *self, const uint8_t *key, const uint8_t *end, bool has_escapes, const mw_json_node *node, mw_json_field **field) {
    mw_json_field *const fields = self->query->fields + node->fields;
    const size_t length = (size_t)(end - key);
    if (!has_escapes) {
        if ((node->lengths >> (length < 63 ? length : 63) & 1) == 0) return true;
        for (uint32_t index = 0; index < node->field_count; index++) {
            if (fields[index].length == length && guessed(self, key, &fields[index]) != NULL) return *field = &fields[index], true;
        }
        return true;
    }
    // Half of a surrogate pair is no character, so the key is none.
    for (const uint8_t *at = key; at < end;) {
        uint8_t bytes[4];
        uint32_t count;
        const uint8_t *const next = mw_unescaped(at, end, bytes, &count);
        if (next == NULL) return unexpected(self, at), false;
        at = next;
    }
    for (uint32_t index = 0; index < node->field_count; index++) {
        if (is_escaped_name(self, key, end, &fields[index])) return *field = &fields[index], true;
    }
    return true;
}

static const uint8_t *object(scan *self, const uint8_t *at, mw_json_node *node, uint32_t depth) {
    if (depth >= MW_JSON_MAX_DEPTH) return refuse(self, MW_JSON_TOO_DEEP, at);
    const uint8_t *const end = self->end;
    mw_json_field *const fields = self->query->fields;
    at = mw_space(at + 1, end);
    if (at < end && *at == '}') return at + 1;
    uint32_t *guess = &node->guess;
    for (;;) {
        if (MW_UNLIKELY(at >= end || *at != '"')) return unexpected(self, at);
        mw_json_field *field = &fields[*guess];
        const uint8_t *behind = guessed(self, at + 1, field);
        if (behind == NULL) {
            bool has_escapes = false;
            behind = string(self, at, &has_escapes);
            field = NULL;
            if (MW_UNLIKELY(behind == NULL) || !find(self, at + 1, behind - 1, has_escapes, node, &field)) return NULL;
            if (field != NULL) *guess = (uint32_t)(field - fields);
        }
        at = mw_space(behind, end);
        if (MW_UNLIKELY(at >= end || *at != ':')) return unexpected(self, at);
        at = mw_space(at + 1, end);
        if (field != NULL) {
            guess = &field->next;
            at = value(self, at, &self->query->nodes[field->node], depth + 1);
        } else {
            at = skip(self, at, depth + 1);
        }
        if (MW_UNLIKELY(at == NULL)) return NULL;
        at = mw_space(at, end);
        if (MW_UNLIKELY(at >= end)) return unexpected(self, at);
        if (*at == '}') return at + 1;
        if (MW_UNLIKELY(*at != ',')) return unexpected(self, at);
        at = mw_space(at + 1, end);
    }
}

/// The comma within 32 bytes; NULL where there is none or where they cannot be read.
static inline const uint8_t *next_comma(const scan *self, const uint8_t *at) {
    if (MW_UNLIKELY(at > self->safe)) return NULL;
    uint64_t commas = mw_commas(at);
    if (commas == 0) {
        at += 16;
        commas = mw_commas(at);
        if (MW_UNLIKELY(commas == 0)) return NULL;
    }
    return at + (__builtin_ctzll(commas) >> MW_MASK_SHIFT);
}

/// Reads an array each element of which is one answer: most often a window of numbers.
///
/// Where a number ends is known only after some 20 cycles, and the next one would wait for it; so its comma is looked for
/// beforehand, and the number is then only compared with that.
__attribute__((noinline)) static const uint8_t *list(scan *self, const uint8_t *at, uint32_t slot, uint32_t depth) {
    const uint8_t *const end = self->end;
    mw_json_answer *const answer = &self->query->answers[slot];
    at = mw_space(at + 1, end);
    if (at < end && *at == ']') return at + 1;
    bool has_escapes;
    for (;;) {
        if (MW_UNLIKELY(answer->count == MW_JSON_MAX_ELEMENTS)) return refuse(self, MW_JSON_TOO_MANY, at);
        if (MW_UNLIKELY(at >= end)) return unexpected(self, at);
        mw_json_place *const place = next_place(self, slot);
        if (MW_UNLIKELY(place == NULL)) return NULL;
        place->at = (uint32_t)(at - self->begin);
        if (is_number(self, at)) {
            const uint8_t *comma = next_comma(self, at);
            at = number(self, at, place);
            if (MW_LIKELY(comma != NULL && at == comma)) {
                answer->count++;
                // Hidden from the compiler, which else would go on from where the number ended.
                __asm__("" : "+r"(comma));
                at = mw_space(comma + 1, end);
                continue;
            }
            if (MW_UNLIKELY(at == NULL)) return NULL;
        } else if (*at == '"') {
            at = string(self, at, &has_escapes);
            place->kind = MW_JSON_STRING;
            if (at != NULL) place->exact = at - 1 - self->begin;
        } else if (*at == '{' || *at == '[') {
            at = skip(self, at, depth + 1);
            place->kind = MW_JSON_CONTAINER;
        } else {
            at = other(self, at, &place->kind);
        }
        if (MW_UNLIKELY(at == NULL)) return NULL;
        answer->count++;
        at = mw_space(at, end);
        if (MW_UNLIKELY(at >= end)) return unexpected(self, at);
        if (MW_UNLIKELY(*at != ',')) return *at == ']' ? at + 1 : unexpected(self, at);
        at = mw_space(at + 1, end);
    }
}

/// The node of a single element; NULL where nothing is wanted of it.
static mw_json_node *single(const scan *self, const mw_json_node *node, uint32_t index) {
    for (uint32_t place = node->elements; place < node->elements + node->element_count; place++) {
        if (self->query->elements[place].index == index) return &self->query->nodes[self->query->elements[place].node];
    }
    return NULL;
}

static const uint8_t *array(scan *self, const uint8_t *at, const mw_json_node *node, uint32_t depth) {
    if (depth >= MW_JSON_MAX_DEPTH) return refuse(self, MW_JSON_TOO_DEEP, at);
    const uint8_t *const end = self->end;
    const mw_json_query *const query = self->query;
    const mw_json_place missing = {.kind = MW_JSON_MISSING};
    // Of two arrays by the same name the last one counts, as it does of two values.
    for (uint32_t index = node->lists; index < node->lists + node->list_count; index++) {
        mw_json_answer *const answer = &query->answers[query->slots[index]];
        answer->found = (mw_json_place){.at = (uint32_t)(at - self->begin), .kind = MW_JSON_LIST};
        answer->count = 0;
    }
    mw_json_node *const each = node->each < 0 ? NULL : &query->nodes[node->each];
    if (node->is_each_plain) return list(self, at, query->slots[each->slots], depth);
    at = mw_space(at + 1, end);
    if (at < end && *at == ']') return at + 1;
    for (uint32_t index = 0;; index++) {
        mw_json_node *const child = each != NULL ? each : single(self, node, index);
        if (each != NULL) {
            if (index >= MW_JSON_MAX_ELEMENTS) return refuse(self, MW_JSON_TOO_MANY, at);
            self->element = index;
        }
        at = child != NULL ? value(self, at, child, depth + 1) : skip(self, at, depth + 1);
        if (at == NULL) return NULL;
        // An element in which nothing was found has a place in the list all the same.
        for (uint32_t place = node->lists; place < node->lists + node->list_count; place++) {
            mw_json_answer *const answer = &query->answers[query->slots[place]];
            if (answer->count != index) continue;
            mw_json_place *const next = next_place(self, query->slots[place]);
            if (next == NULL) return NULL;
            *next = missing;
            answer->count++;
        }
        at = mw_space(at, end);
        if (MW_UNLIKELY(at >= end)) return unexpected(self, at);
        if (*at == ']') return at + 1;
        if (MW_UNLIKELY(*at != ',')) return unexpected(self, at);
        at = mw_space(at + 1, end);
    }
}

static const uint8_t *value(scan *self, const uint8_t *at, mw_json_node *node, uint32_t depth) {
    if (MW_UNLIKELY(at >= self->end)) return unexpected(self, at);
    // The usual node is one answer, which is written where it belongs.
    mw_json_place elsewhere;
    mw_json_place *place = &elsewhere;
    const bool is_plain = node->is_plain;
    if (is_plain) place = &self->query->answers[self->query->slots[node->slots]].found;
    place->at = (uint32_t)(at - self->begin);
    bool has_escapes;
    if (is_number(self, at)) {
        at = number(self, at, place);
    } else if (*at == '"') {
        at = string(self, at, &has_escapes);
        place->kind = MW_JSON_STRING;
        if (at != NULL) place->exact = at - 1 - self->begin;
    } else if (*at == '{' || *at == '[') {
        // What stands inside comes behind it in a list too.
        place->kind = MW_JSON_CONTAINER;
        if (!is_plain && !set(self, node, place)) return NULL;
        if (*at == '{' && node->field_count != 0) return object(self, at, node, depth);
        if (*at == '[' && (node->each >= 0 || node->element_count != 0)) return array(self, at, node, depth);
        return skip(self, at, depth);
    } else {
        at = other(self, at, &place->kind);
    }
    return MW_LIKELY(at != NULL) && (is_plain || set(self, node, place)) ? at : NULL;
}

/// Texts of so many bytes are copied.
enum { SHORT = 128 };

static mw_json_result outcome(
    const mw_json_query *query, const uint8_t *text, size_t count, const uint8_t *early, const uint8_t *safe) {
    // Before the first look, the block is one that no byte lies in.
    scan self = {.query = query, .begin = text, .end = text + count, .early = early, .safe = safe, .block = text + count};
    self.wide = count > SHORT ? self.end - 64 : text - 1;
    const uint8_t *at = value(&self, mw_space(text, self.end), &query->nodes[0], 0);
    if (at == NULL) return (mw_json_result){self.outcome, self.at};
    at = mw_space(at, self.end);
    if (at < self.end) return (mw_json_result){MW_JSON_TRAILING, (uint32_t)(at - text)};
    if (self.high != 0 && !mw_is_utf8(text, self.end)) return (mw_json_result){MW_JSON_NOT_UTF8, 0};
    return (mw_json_result){MW_JSON_READ, 0};
}

mw_json_result mw_json_scan(const mw_json_query *query, const uint8_t *text, size_t count) {
    for (uint32_t slot = 0; slot < query->answer_count; slot++) {
        query->answers[slot].found = (mw_json_place){.kind = MW_JSON_MISSING};
        query->answers[slot].count = 0;
    }
    // A short text is mostly end, so it gets room behind it.
    if (count > SHORT) return outcome(query, text, count, text + MW_BEHIND, text + count - MW_AHEAD);
    uint8_t copy[MW_BEHIND + SHORT + MW_AHEAD];
    memset(copy, 0, MW_BEHIND);
    if (count != 0) memcpy(copy + MW_BEHIND, text, count);
    memset(copy + MW_BEHIND + count, 0, MW_AHEAD);
    return outcome(query, copy + MW_BEHIND, count, copy + MW_BEHIND, copy + MW_BEHIND + count);
}
