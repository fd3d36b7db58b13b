// libmicrohttpd takes its options through variadic functions, which Swift cannot call: one plain function for each use of them.
#ifndef MILLWRIGHT_CMICROHTTPD_H
#define MILLWRIGHT_CMICROHTTPD_H

#include <microhttpd.h>
#include <stddef.h>
#include <strings.h>

typedef struct {
    const struct sockaddr *address;
    int is_ipv6;
    unsigned connections;
    unsigned connections_per_address;
    // Of each connection: its head must fit in there.
    size_t memory;
    // Without a byte for so long, a connection is closed.
    unsigned silence_seconds;
    MHD_AccessHandlerCallback handler;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback changed;
    void *context;
} mw_http_options;

// Decodes %XX in place. A NUL among them would end the text before its end for whoever reads it as C does, and one name would be
// taken for another: it becomes a character that no name may have.
static inline size_t mw_http_unescape(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    size_t length = MHD_http_unescape(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] == 0) text[i] = 1;
    return length;
}

// How many headers of this name a request has.
typedef struct {
    const char *name;
    unsigned count;
} mw_http_headers;

static inline enum MHD_Result mw_http_count(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    (void)kind;
    (void)value;
    mw_http_headers *wanted = (mw_http_headers *)context;
    if (strcasecmp(name, wanted->name) == 0) wanted->count++;
    return MHD_YES;
}

static inline unsigned mw_http_header_count(struct MHD_Connection *connection, const char *name) {
    mw_http_headers wanted = {name, 0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, mw_http_count, &wanted);
    return wanted.count;
}

// A server without a thread of its own: mw_http_descriptor says when MHD_run has something to do. NULL with errno when it cannot listen.
static inline struct MHD_Daemon *mw_http_start(const mw_http_options *options) {
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (options->is_ipv6 ? MHD_USE_IPv6 : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, options->handler, options->context, MHD_OPTION_SOCK_ADDR, options->address,
        MHD_OPTION_CONNECTION_LIMIT, options->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options->connections_per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->memory,
        MHD_OPTION_CONNECTION_TIMEOUT, options->silence_seconds, MHD_OPTION_NOTIFY_COMPLETED, options->completed,
        options->context, MHD_OPTION_NOTIFY_CONNECTION, options->changed, options->context,
        MHD_OPTION_UNESCAPE_CALLBACK, mw_http_unescape, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

// Readable when there is something to do; -1 when there is none.
static inline int mw_http_descriptor(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

static inline int mw_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

#endif
