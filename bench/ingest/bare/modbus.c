/* libmodbus as its manual shows it: a blocking client a slave, each in a thread of its own or all in turn in one.
 *
 *     modbus threads|turn SECONDS BLOCKS REGISTERS INTERVAL_MS PORT...
 *
 * Reads BLOCKS times REGISTERS holding registers of each slave every INTERVAL_MS (0: as fast as they answer) and throws them
 * away. Prints READY when all are connected, and its figures at the end. */
#include "measure.h"
#include <modbus.h>
#include <pthread.h>
#include <string.h>

enum { SLAVES = 1000, STACK_BYTES = 262144 };

typedef struct {
    modbus_t *client;
    int64_t answers, errors;
} slave;

static slave slaves[SLAVES];
static int blocks, registers;
static int64_t end, interval;

static void scan(slave *s) {
    uint16_t words[125];
    for (int block = 0; block < blocks; block++) {
        if (modbus_read_registers(s->client, block * 200, registers, words) == registers) s->answers++;
        else s->errors++;
    }
}

static void sleep_until(int64_t due) {
    const struct timespec time = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
}

static void *run_one(void *context) {
    int64_t due = nanoseconds(CLOCK_MONOTONIC);
    while (nanoseconds(CLOCK_MONOTONIC) < end) {
        scan(context);
        if (interval) sleep_until(due += interval);
    }
    return 0;
}

static void run_in_turn(int count) {
    int64_t due = nanoseconds(CLOCK_MONOTONIC);
    while (nanoseconds(CLOCK_MONOTONIC) < end) {
        for (int index = 0; index < count; index++) scan(&slaves[index]);
        if (interval) sleep_until(due += interval);
    }
}

int main(int count, char **arguments) {
    if (count < 7 || count - 6 > SLAVES)
        return fprintf(stderr, "usage: modbus threads|turn SECONDS BLOCKS REGISTERS INTERVAL_MS PORT...\n"), 2;
    const int total = count - 6;
    blocks = atoi(arguments[3]);
    registers = atoi(arguments[4]);
    interval = atoll(arguments[5]) * 1000000;
    if (registers < 1 || registers > 125) return 2;
    for (int index = 0; index < total; index++) {
        slaves[index].client = modbus_new_tcp("127.0.0.1", atoi(arguments[6 + index]));
        modbus_set_slave(slaves[index].client, 1);
        if (modbus_connect(slaves[index].client)) return perror("modbus_connect"), 1;
    }
    puts("READY");
    fflush(stdout);
    end = nanoseconds(CLOCK_MONOTONIC) + (int64_t)(atof(arguments[2]) * 1e9);
    if (strcmp(arguments[1], "turn")) {
        pthread_t threads[SLAVES];
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, STACK_BYTES);
        for (int index = 0; index < total; index++)
            if (pthread_create(&threads[index], &small, run_one, &slaves[index])) return 1;
        for (int index = 0; index < total; index++) pthread_join(threads[index], 0);
    } else {
        run_in_turn(total);
    }
    int64_t answers = 0, errors = 0;
    for (int index = 0; index < total; index++) {
        answers += slaves[index].answers;
        errors += slaves[index].errors;
    }
    printf("{\"answers\":%lld,\"errors\":%lld}\n", (long long)answers, (long long)errors);
    return 0;
}
