#ifndef MW_CJSON_H
#define MW_CJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What devices send has 3 or 4 levels; the scanner recurses once a level.
#define MW_JSON_MAX_DEPTH 32
/// Of one list: as many as the largest window has samples.
#define MW_JSON_MAX_ELEMENTS 262144
/// A double has at most 767 significant digits; a device that sends more of them sends nonsense.
#define MW_JSON_MAX_NUMBER_BYTES 800
/// Positions are 32 bits wide; a message is far shorter.
#define MW_JSON_MAX_TEXT_BYTES 0x7FFFFFFF

typedef enum mw_json_kind {
    MW_JSON_MISSING,
    MW_JSON_NULL,
    MW_JSON_FALSE,
    MW_JSON_TRUE,
    /// The nearest double.
    MW_JSON_NUMBER,
    /// The same, of a whole number that 64 bits hold.
    MW_JSON_WHOLE,
    /// NaN, an infinity, or a number beyond the largest double.
    MW_JSON_NOT_FINITE,
    MW_JSON_STRING,
    /// An object or an array.
    MW_JSON_CONTAINER,
    /// An array whose elements were asked for.
    MW_JSON_LIST,
} mw_json_kind;

/// What stands at a wanted place, and where that begins.
typedef struct mw_json_place {
    double number;
    /// A whole number itself; of a string, where its closing quote stands.
    int64_t exact;
    uint32_t at;
    mw_json_kind kind;
} mw_json_place;

/// A name that leads on.
typedef struct mw_json_field {
    /// The first 8 bytes of the name, zero where it is shorter, and the last 8 of a longer one.
    uint64_t first, last;
    /// In the names; and how long.
    uint32_t name, length;
    uint32_t node;
    /// The field that came behind this one in the last text that had another order than it: most often it comes again.
    uint32_t next;
    /// Whether a text can have the name only as it is.
    bool is_plain;
} mw_json_field;

/// A place in the tree of what is wanted. The ranges are into the arrays of mw_json_query.
typedef struct mw_json_node {
    uint32_t fields, field_count;
    /// The field that an object begins with, as it did before.
    uint32_t guess;
    /// Where single elements lead.
    uint32_t elements, element_count;
    /// Where each element leads; -1 where single ones are wanted, or none.
    int32_t each;
    /// Whether it is one answer that is no element of a list.
    bool is_plain;
    /// Whether nothing is wanted of each element but itself.
    bool is_each_plain;
    /// Which answers stand here.
    uint32_t slots, slot_count;
    /// Whose list this array is.
    uint32_t lists, list_count;
    /// Bit n: there is a name of n bytes; bit 63: of 63 or more.
    uint64_t lengths;
} mw_json_node;

typedef struct mw_json_element {
    uint32_t index, node;
} mw_json_element;

typedef struct mw_json_answer {
    mw_json_place found;
    /// The elements of a list: room for `capacity`, NULL for an answer that is no list.
    mw_json_place *list;
    uint32_t count, capacity;
} mw_json_answer;

/// What is wanted of a text, and what was found. The order of fields is learnt from text to text.
typedef struct mw_json_query {
    mw_json_node *nodes;
    mw_json_field *fields;
    const uint8_t *names;
    const mw_json_element *elements;
    const uint32_t *slots;
    mw_json_answer *answers;
    uint32_t answer_count;
} mw_json_query;

typedef enum mw_json_outcome {
    MW_JSON_READ,
    MW_JSON_CUT_SHORT,
    MW_JSON_UNEXPECTED,
    MW_JSON_TRAILING,
    MW_JSON_TOO_DEEP,
    MW_JSON_NUMBER_TOO_LONG,
    MW_JSON_TOO_MANY,
    MW_JSON_NOT_UTF8,
    /// The list of the answer `at` is full: the text is to be read again with more room.
    MW_JSON_LIST_FULL,
} mw_json_outcome;

typedef struct mw_json_result {
    mw_json_outcome outcome;
    /// At which byte, where there is such a place.
    uint32_t at;
} mw_json_result;

/// Checks a whole text and finds the answers of a query in it, in one pass. The first node is the text itself.
///
/// count: at most MW_JSON_MAX_TEXT_BYTES.
///
/// Source: RFC 8259, with NaN, Infinity and -Infinity as words.
mw_json_result mw_json_scan(const mw_json_query *query, const uint8_t *text, size_t count);

/// Resolves the escapes of a checked range between quotes; the output is never longer than the range.
///
/// Returns how many bytes were written, or -1 with `bad` at half of a surrogate pair: there is no such character.
ptrdiff_t mw_json_unescape(const uint8_t *text, size_t from, size_t to, uint8_t *output, size_t *bad);

/// The double that is nearest to `mantissa` times 10 to the power of `exponent`, ties to even.
///
/// Returns false where only longer arithmetic can tell.
bool mw_decimal(uint64_t mantissa, int64_t exponent, double *value);

/// 5 to the power of `exponent`, -40 to 40, as a fraction of 128 bits whose first bit is set: cut off, and rounded up below 0.
void mw_decimal_power(int exponent, uint64_t *high, uint64_t *low);

#endif
