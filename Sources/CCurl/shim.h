// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one plain function a type of value.
#ifndef MILLWRIGHT_CCURL_H
#define MILLWRIGHT_CCURL_H

// curl's type check wants the option as a constant; here it is a parameter, and the type is in the function's name.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stddef.h>

// Takes bytes that arrived; gives the number that it took, any other number than `size * count` ends the transfer.
typedef size_t (*mw_curl_sink)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode mw_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode mw_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

// libcurl copies the text; NULL takes the option back.
static inline CURLcode mw_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

// libcurl keeps the pointer: what it points to must outlive the transfer.
static inline CURLcode mw_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode mw_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode mw_curl_set_sink(CURL *handle, CURLoption option, mw_curl_sink sink) {
    return curl_easy_setopt(handle, option, sink);
}

static inline CURLcode mw_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode mw_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline int mw_curl_message_is_done(const CURLMsg *message) { return message->msg == CURLMSG_DONE; }
static inline CURLcode mw_curl_message_result(const CURLMsg *message) { return message->data.result; }

#endif
