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
    PART_BITS = 16,
};

struct mw_worker_pool {
    // Each on its own cache line: the first is written by the caller, the others by everybody.
    _Alignas(64) _Atomic uint32_t round;
    _Atomic uint32_t sleepers;
    void (*work)(void *context, size_t part);
    void *context;
    // The round above PART_BITS, and below how many of its parts somebody has taken.
    _Alignas(64) _Atomic uint64_t taken;
    // Parts that are not done.
    _Alignas(64) _Atomic uint32_t pending;
    _Atomic uint32_t caller_sleeps;
    _Alignas(64) size_t workers;
    atomic_bool stops;
    pthread_t threads[];
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

// Does parts that nobody has taken yet, and returns how many. Whoever has taken one keeps the round from ending, so only
// then are `work` and `context` read; a thread that comes late finds none left and touches nothing.
static uint32_t do_parts(mw_worker_pool *pool) {
    const uint64_t mask = ((uint64_t)1 << PART_BITS) - 1;
    uint32_t done = 0;
    uint64_t taken = atomic_load_explicit(&pool->taken, memory_order_acquire);
    while ((taken & mask) <= pool->workers) {
        if (!atomic_compare_exchange_weak_explicit(
                &pool->taken, &taken, taken + 1, memory_order_acq_rel, memory_order_acquire)) {
            continue;
        }
        pool->work(pool->context, taken & mask);
        done++;
        taken = atomic_load_explicit(&pool->taken, memory_order_acquire);
    }
    return done;
}

// Whether parts are still to be done by others.
static bool finish_parts(mw_worker_pool *pool, uint32_t done) { return atomic_fetch_sub(&pool->pending, done) != done; }

static void *serve(void *argument) {
    mw_worker_pool *const pool = argument;
    uint32_t seen = 0;
    for (;;) {
        seen = wait_for_round(pool, seen);
        if (atomic_load(&pool->stops)) return NULL;
        const uint32_t done = do_parts(pool);
        if (done > 0 && !finish_parts(pool, done) && atomic_load(&pool->caller_sleeps) != 0) wake(&pool->pending);
    }
}

static void begin_round(mw_worker_pool *pool) {
    atomic_fetch_add(&pool->round, 1);
    if (atomic_load(&pool->sleepers) != 0) wake(&pool->round);
}

mw_worker_pool *mw_worker_pool_create(size_t workers) {
    if (workers < 1 || workers > MAXIMUM_WORKERS) return NULL;
    mw_worker_pool *pool = NULL;
    const size_t bytes = sizeof *pool + workers * sizeof pool->threads[0];
    if (posix_memalign((void **)&pool, 64, (bytes + 63) / 64 * 64) != 0) return NULL;
    // No part can be taken before the first round.
    *pool = (mw_worker_pool){.taken = ((uint64_t)1 << PART_BITS) - 1};
    for (size_t i = 0; i < workers; i++) {
        if (pthread_create(&pool->threads[i], NULL, serve, pool) != 0) {
            mw_worker_pool_destroy(pool);
            return NULL;
        }
        pool->workers++;
    }
    return pool;
}

void mw_worker_pool_run(mw_worker_pool *pool, void (*work)(void *context, size_t part), void *context) {
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->pending, (uint32_t)pool->workers + 1);
    // Only this thread changes the round, and no part of the last one is left: a stale claim cannot fit.
    const uint64_t round = (atomic_load_explicit(&pool->taken, memory_order_relaxed) >> PART_BITS) + 1;
    atomic_store_explicit(&pool->taken, round << PART_BITS, memory_order_release);
    begin_round(pool);
    if (!finish_parts(pool, do_parts(pool))) return;
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
    for (size_t i = 0; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
    free(pool);
}
