// A "vendor's library" that takes over the process it is opened in and speaks with the program itself: what a library
// can do that has gone wrong, or means harm. MILLWRIGHT_HOSTILE says what it does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHANNEL = 3, TENSORS = 5 };

static uint8_t message[1 << 18];
static size_t filled;

static void word(const char *text) {
    uint32_t length = (uint32_t)strlen(text);
    if (filled + 4 + length > sizeof message)
        abort();
    memcpy(message + filled, &length, 4);
    memcpy(message + filled + 4, text, length);
    filled += 4 + length;
}

static void begin(const char *first) {
    filled = 4;
    word(first);
}

static void send_it(void) {
    uint32_t length = (uint32_t)(filled - 4);
    memcpy(message, &length, 4);
    for (size_t sent = 0; sent < filled;) {
        ssize_t count = write(CHANNEL, message + sent, filled - sent);
        if (count <= 0)
            _exit(0);
        sent += (size_t)count;
    }
}

static void take(void *to, size_t count) {
    for (size_t got = 0; got < count;) {
        ssize_t some = read(CHANNEL, (uint8_t *)to + got, count - got);
        if (some <= 0)
            _exit(0);
        got += (size_t)some;
    }
}

/// Whether the program asks for this.
static bool asked(const char *what) {
    static uint8_t request[1 << 16];
    uint32_t length;
    take(&length, 4);
    if (length > sizeof request)
        abort();
    take(request, length);
    return length >= 4 + strlen(what) && !memcmp(request + 4, what, strlen(what));
}

static void tensor(const char *shape) {
    word("x");
    word("int8");
    word("plain");
    word(shape);
    word("");
    word("");
}

static void describe(const char *mode) {
    bool is_many = !strcmp(mode, "many");
    const char *shape = !strcmp(mode, "huge") ? "1073741824" : "8192";
    begin("loaded");
    word("hostile");
    word("2.0.0");
    word("");
    word("1");
    for (int i = 0; i < (is_many ? 300 : 2); i++)
        tensor(shape);
    send_it();
}

__attribute__((constructor)) static void go(void) {
    const char *mode = getenv("MILLWRIGHT_HOSTILE");
    // Opened by somebody who does not mean it.
    if (!mode)
        return;
    begin("ready");
    word("hostile");
    word("2.0.0");
    word("");
    send_it();
    asked("load");
    if (!strcmp(mode, "seal"))
        fcntl(TENSORS, F_ADD_SEALS, F_SEAL_SEAL);
    // As large as the old protocol wanted it; the other side makes it what it wants.
    if (ftruncate(TENSORS, 64 << 20))
        abort();
    describe(mode);
    if (!strcmp(mode, "race"))
        // Between size and seal, if it can.
        while (!ftruncate(TENSORS, 0))
            ;
    if (!strcmp(mode, "mute")) {
        // Answers that nobody has asked for; requests are never read.
        begin("bound");
        send_it();
        for (;;) {
            begin("ran");
            word("0");
            send_it();
        }
    }
    for (;;) {
        bool is_bind = asked("bind");
        // What would be a bus error in the program that writes there next.
        int code = ftruncate(TENSORS, 0) ? errno : 0;
        char text[16];
        snprintf(text, sizeof text, "%d", code);
        begin(is_bind ? "bound" : "ran");
        if (!is_bind)
            word(text);
        send_it();
    }
}
