#define _GNU_SOURCE
#include "include/CWorkerPool.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    // About 20 microseconds: longer than the gap between two layers, short beside what a sleep costs.
    SPINS = 2000,
    MAXIMUM_WORKERS = 63,
};

typedef struct {
    mw_worker_pool *pool;
    size_t index;
    pthread_t thread;
} worker;

struct mw_worker_pool {
    // Each on its own cache line: one is written by the caller, one by everybody.
    _Alignas(64) _Atomic uint32_t round;
    _Atomic uint32_t sleepers;
    void (*work)(void *context, size_t index);
    void *context;
    _Alignas(64) _Atomic uint32_t pending;
    _Atomic uint32_t caller_sleeps;
    _Alignas(64) size_t workers;
    atomic_bool stops;
    worker members[];
};

static void sleep_while(_Atomic uint32_t *word, uint32_t value) {
    syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Both sides announce a sleep before they look once more, and the other side looks for sleepers after it has changed
// the word; sequentially consistent order keeps one of the two from missing the other.
static uint32_t wait_for_round(mw_worker_pool *pool, uint32_t seen) {
    for (int spin = 0; spin < SPINS; spin++) {
        const uint32_t round = atomic_load_explicit(&pool->round, memory_order_acquire);
        if (round != seen) return round;
        pause_briefly();
    }
    atomic_fetch_add(&pool->sleepers, 1);
    uint32_t round;
    while ((round = atomic_load(&pool->round)) == seen) sleep_while(&pool->round, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
    return round;
}

static void *serve(void *argument) {
    const worker *const self = argument;
    mw_worker_pool *const pool = self->pool;
    uint32_t seen = 0;
    for (;;) {
        seen = wait_for_round(pool, seen);
        if (atomic_load(&pool->stops)) return NULL;
        pool->work(pool->context, self->index);
        if (atomic_fetch_sub(&pool->pending, 1) == 1 && atomic_load(&pool->caller_sleeps) != 0) wake(&pool->pending);
    }
}

static void begin_round(mw_worker_pool *pool) {
    atomic_fetch_add(&pool->round, 1);
    if (atomic_load(&pool->sleepers) != 0) wake(&pool->round);
}

mw_worker_pool *mw_worker_pool_create(size_t workers) {
    if (workers < 1 || workers > MAXIMUM_WORKERS) return NULL;
    mw_worker_pool *pool = NULL;
    const size_t bytes = sizeof *pool + workers * sizeof pool->members[0];
    if (posix_memalign((void **)&pool, 64, (bytes + 63) / 64 * 64) != 0) return NULL;
    *pool = (mw_worker_pool){.workers = 0};
    for (size_t i = 0; i < workers; i++) {
        pool->members[i] = (worker){.pool = pool, .index = i + 1};
        if (pthread_create(&pool->members[i].thread, NULL, serve, &pool->members[i]) != 0) {
            mw_worker_pool_destroy(pool);
            return NULL;
        }
        pool->workers++;
    }
    return pool;
}

void mw_worker_pool_run(mw_worker_pool *pool, void (*work)(void *context, size_t index), void *context) {
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->pending, (uint32_t)pool->workers);
    begin_round(pool);
    work(context, 0);
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0) return;
        pause_briefly();
    }
    atomic_store(&pool->caller_sleeps, 1);
    uint32_t left;
    while ((left = atomic_load(&pool->pending)) != 0) sleep_while(&pool->pending, left);
    atomic_store(&pool->caller_sleeps, 0);
}

void mw_worker_pool_destroy(mw_worker_pool *pool) {
    atomic_store(&pool->stops, true);
    begin_round(pool);
    for (size_t i = 0; i < pool->workers; i++) pthread_join(pool->members[i].thread, NULL);
    free(pool);
}
