/* What a good C program does with the same messages: libmosquitto read in bursts, two numbers found in the payload, one row a
 * message, SQLite with write-ahead log and full sync, a commit every 1,000 rows or 100 ms.
 *
 *     mqtt_sqlite PORT QOS DATABASE SKIP
 *
 * The first SKIP messages are stored but not timed. Prints READY when subscribed, and its figures after SIGTERM. It does not check
 * the JSON, knows no quality, and acknowledges before it has stored (libmosquitto 2.0.11 answers before it calls back). */
#define _GNU_SOURCE
#include "measure.h"
#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>

enum { ROWS = 1000, FLUSH_MS = 100, READS = 256 };

static volatile sig_atomic_t stopping;
static sqlite3 *database;
static sqlite3_stmt *insert;
static int64_t sent_at[ROWS], opened;
static int rows, qos;
static int64_t messages, skipped;
static series latency;

static void on_signal(int number) { (void)number; stopping = 1; }

static void must(int status) {
    if (status != SQLITE_OK && status != SQLITE_DONE) {
        fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(database));
        exit(1);
    }
}

static void commit(void) {
    if (!rows) return;
    must(sqlite3_exec(database, "COMMIT", 0, 0, 0));
    const int64_t now = nanoseconds(CLOCK_REALTIME);
    for (int row = 0; row < rows; row++)
        if (sent_at[row]) series_add(&latency, (double)(now - sent_at[row]) / 1e6);
    rows = 0;
}

/* The whole number after a name, or -1. */
static int64_t number(const char *text, size_t length, const char *name) {
    const char *at = memmem(text, length, name, strlen(name)), *end = text + length;
    if (!at) return -1;
    int64_t value = 0;
    for (at += strlen(name); at < end && *at >= '0' && *at <= '9'; at++) value = value * 10 + (*at - '0');
    return value;
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message) {
    (void)client, (void)context;
    const char *text = message->payload;
    const size_t length = (size_t)message->payloadlen;
    const int64_t sequence = number(text, length, "\"seq\":"), sent = number(text, length, "\"sts\":");
    const int64_t machine = number(text, length, "\"id\":\"m");
    if (sequence < 0 || sent < 0 || machine < 0) return;
    if (!rows) {
        must(sqlite3_exec(database, "BEGIN IMMEDIATE", 0, 0, 0));
        opened = nanoseconds(CLOCK_MONOTONIC);
    }
    sqlite3_bind_int64(insert, 1, machine);
    sqlite3_bind_int64(insert, 2, sent);
    sqlite3_bind_double(insert, 3, (double)sequence);
    sqlite3_bind_int(insert, 4, 192);
    must(sqlite3_step(insert));
    sqlite3_reset(insert);
    sent_at[rows++] = ++messages > skipped ? sent : 0;
    if (rows == ROWS) commit();
}

static void on_connect(struct mosquitto *client, void *context, int code) {
    (void)context;
    if (code || mosquitto_subscribe(client, 0, "plant/+/+/data", qos)) exit(1);
}

static void on_subscribe(struct mosquitto *client, void *context, int id, int count, const int *granted) {
    (void)client, (void)context, (void)id, (void)count, (void)granted;
    puts("READY");
    fflush(stdout);
}

/* Reads until the socket is dry; three system calls a message are libmosquitto's own. */
static int read_burst(struct mosquitto *client) {
    for (int turn = 0; turn < READS; turn++) {
        errno = 0;
        const int status = mosquitto_loop_read(client, 1);
        if (status) return status;
        if (errno == EAGAIN) break;
    }
    return 0;
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: mqtt_sqlite PORT QOS DATABASE SKIP\n"), 2;
    qos = atoi(arguments[2]);
    skipped = atoll(arguments[4]);
    latency = series_make(20000000);
    signal(SIGTERM, on_signal);
    if (sqlite3_open(arguments[3], &database)) return 1;
    must(sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE telemetry(series INTEGER, ts INTEGER, value, quality INTEGER)", 0, 0, 0));
    must(sqlite3_prepare_v2(database, "INSERT INTO telemetry VALUES(?,?,?,?)", -1, &insert, 0));
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("bare-c", true, 0);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(arguments[1]), 60)) return 1;
    while (!stopping) {
        const short wanted = POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0);
        struct pollfd socket = {.fd = mosquitto_socket(client), .events = wanted};
        const int64_t open_ms = rows ? (nanoseconds(CLOCK_MONOTONIC) - opened) / 1000000 : 0;
        poll(&socket, 1, (int)(open_ms < FLUSH_MS ? FLUSH_MS - open_ms : 0));
        if ((socket.revents & POLLIN) && read_burst(client)) break;
        if (mosquitto_want_write(client)) mosquitto_loop_write(client, 1);
        mosquitto_loop_misc(client);
        if (rows && nanoseconds(CLOCK_MONOTONIC) - opened >= FLUSH_MS * 1000000LL) commit();
    }
    commit();
    printf("{\"messages\":%lld,", (long long)messages);
    series_print("publish_to_durable_ms", &latency);
    puts("}");
    return 0;
}
